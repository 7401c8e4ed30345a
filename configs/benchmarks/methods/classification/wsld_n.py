# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The total weight of the classroom.
_base_ = './wsld.py'
title = 'WSLD, best mentor, weight n'
distiller = dict(distill_losses=dict(loss_kd=dict(loss_weight='{num_mentors}')))
