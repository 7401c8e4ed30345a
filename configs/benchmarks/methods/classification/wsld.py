# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/one_mentor.py'
title = 'WSLD, best mentor'
source = 'arXiv 2102.00650'
distiller = dict(
    distill_losses=dict(
        loss_kd=dict(type='WSLD', tau=2, loss_weight=2.5, num_classes='{num_classes}')
    ),
    loss_forward_mappings=dict(
        loss_kd=dict(
            student=dict(recorder='logits', from_student=True),
            teacher=dict(recorder='logits', from_student=False, mentor='{best}'),
            gt_labels=dict(recorder='labels', from_student=True, data_idx=1),
        )
    ),
)
