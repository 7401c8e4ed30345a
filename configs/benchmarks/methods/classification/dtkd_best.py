# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The term with dynamic temperatures, and KD at a fixed one, with weight 1 each.
_base_ = './_base_/every_mentor.py'
title = 'DTKD, best mentor'
source = 'arXiv 2404.12711, without its erratum'
mentors = 'best'
distiller = dict(
    mentoring=dict(mentoring='dtkd'),
    distill_losses=dict(
        loss_classroom=dict(loss_weight=1.0),
        loss_kd=dict(type='KLDivergence', tau=4),
    ),
    loss_forward_mappings=dict(
        loss_kd=dict(
            preds_S=dict(recorder='logits', from_student=True),
            preds_T=dict(recorder='logits', from_student=False, mentor='{best}'),
        )
    ),
)
