# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The total weight of the classroom, in the place of the usual factor of 2.
_base_ = './dist.py'
title = 'DIST, best mentor, weight n'
distiller = dict(distill_losses=dict(loss_kd=dict(loss_weight='{num_mentors}')))
