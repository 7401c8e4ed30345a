# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/one_mentor.py'
title = 'DKD, best mentor'
source = 'arXiv 2203.08679'
distiller = dict(
    distill_losses=dict(loss_kd=dict(type='DKDLoss', tau=4, alpha=1, beta=2)),
    loss_forward_mappings=dict(
        loss_kd=dict(
            preds_S=dict(recorder='logits', from_student=True),
            preds_T=dict(recorder='logits', from_student=False, mentor='{best}'),
            gt_labels=dict(recorder='labels', from_student=True, data_idx=1),
        )
    ),
)
