# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom_trust.py'
title = 'classroom with trust, teaching with DIST, τ = 4'
distiller = dict(
    distill_losses=dict(
        loss_classroom=dict(
            _delete_=True,
            type='LessonLoss',
            per='batch',
            loss=dict(type='DISTLoss', tau=4),
        )
    )
)
