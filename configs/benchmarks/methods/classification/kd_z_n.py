# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The total weight of the classroom.
_base_ = './kd_z.py'
title = 'KD, best mentor, z-scored logits, weight n'
distiller = dict(distill_losses=dict(loss_classroom=dict(loss_weight='{num_mentors}')))
