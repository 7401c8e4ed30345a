# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The total weight of the classroom.
_base_ = './average_logits.py'
title = 'average of the logits, τ = 4, weight n'
distiller = dict(distill_losses=dict(loss_classroom=dict(loss_weight=1.0)))
