# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The correlation of the student's and a mentor's maps of a keypoint, over a batch.
# The weight is about that of MSE between heatmaps.
_base_ = './classroom_trust.py'
title = 'classroom with trust, teaching with PKD'
source = 'arXiv 2207.02039, for heatmaps'
distiller = dict(
    distill_losses=dict(
        loss_heatmap=dict(
            _delete_=True,
            type='LessonLoss',
            per='batch',
            loss=dict(type='PKDLoss'),
            loss_weight=0.015,
        )
    )
)
