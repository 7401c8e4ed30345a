# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/one_mentor.py'
title = 'KD, best mentor, τ = 4'
source = 'arXiv 1503.02531'
distiller = dict(
    distill_losses=dict(loss_kd=dict(type='KLDivergence', tau=4)),
    loss_forward_mappings=dict(
        loss_kd=dict(
            preds_S=dict(recorder='logits', from_student=True),
            preds_T=dict(recorder='logits', from_student=False, mentor='{best}'),
        )
    ),
)
