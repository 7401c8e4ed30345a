# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, teaching with DIST, τ = 4'
source = 'docs/mmrazor_losses.md'
distiller = dict(
    distill_losses=dict(
        loss_classroom=dict(
            type='LessonLoss', per='batch', loss=dict(type='DISTLoss', tau=4)
        )
    )
)
