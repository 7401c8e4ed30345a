# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Distances and angles between the samples of a batch.
_base_ = './_base_/pooled.py'
title = 'RKD, best mentor'
source = 'arXiv 1904.05068'
distiller = dict(
    distill_losses=dict(
        loss_distance=dict(type='DistanceWiseRKD', loss_weight=25),
        loss_angle=dict(type='AngleWiseRKD', loss_weight=50),
    ),
    loss_forward_mappings={
        name: dict(
            preds_S=dict(recorder='pooled', from_student=True, data_idx=0),
            preds_T=dict(
                recorder='pooled', from_student=False, mentor='{best}', data_idx=0
            ),
        )
        for name in ['loss_distance', 'loss_angle']
    },
)
