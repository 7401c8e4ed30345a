# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# One distribution, of the average of the logits.
_base_ = './_base_/every_mentor.py'
title = 'average of the logits, τ = 4'
source = 'docs/method.md, "Baselines": AVER, in the space of logits'
distiller = dict(distill_losses=dict(loss_classroom=dict(type='AverageLogitsKDLoss')))
