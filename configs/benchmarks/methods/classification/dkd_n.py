# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The total weight of the classroom, whose ranks sum to the number of mentors.
_base_ = './dkd.py'
title = 'DKD, best mentor, weight n'
distiller = dict(distill_losses=dict(loss_kd=dict(loss_weight='{num_mentors}')))
