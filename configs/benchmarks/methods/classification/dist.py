# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/one_mentor.py'
title = 'DIST, best mentor'
source = 'arXiv 2205.10536'
distiller = dict(
    distill_losses=dict(loss_kd=dict(type='DISTLoss', tau=4, loss_weight=2)),
    loss_forward_mappings=dict(
        loss_kd=dict(
            logits_S=dict(recorder='logits', from_student=True),
            logits_T=dict(recorder='logits', from_student=False, mentor='{best}'),
        )
    ),
)
