# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The total weight and the temperature of the classroom.
_base_ = './_base_/every_mentor.py'
title = 'KD, best mentor, z-scored logits, weight n'
source = 'arXiv 2403.01427'
mentors = 'best'
distiller = dict(
    distill_losses=dict(
        loss_classroom=dict(standardize=3.0, loss_weight='{num_mentors}')
    ),
)
