# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom_trust.py'
title = 'classroom with trust, teaching with DKD, τ = 4'
distiller = dict(
    distill_losses=dict(
        loss_classroom=dict(
            _delete_=True, type='LessonLoss', loss=dict(type='DKDLoss', alpha=1, beta=2)
        )
    )
)
