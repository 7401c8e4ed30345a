# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Temperature 2, and weights 9 and 0.5 of the labels, as in the example of torchdistill
# 1.1.5, in the ratio that leaves the labels their weight of 1.
_base_ = './_base_/every_mentor.py'
title = 'KD, best mentor, z-scored logits'
source = 'arXiv 2403.01427'
mentors = 'best'
distiller = dict(
    mentoring=dict(mentoring=2.0),
    distill_losses=dict(loss_classroom=dict(standardize=1.0, loss_weight=18.0)),
)
