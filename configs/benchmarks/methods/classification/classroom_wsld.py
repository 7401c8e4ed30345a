# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, teaching with WSLD'
source = 'docs/mmrazor_losses.md'
distiller = dict(
    distill_losses=dict(
        loss_classroom=dict(
            type='LessonLoss', loss=dict(type='WSLD', num_classes='{num_classes}')
        )
    )
)
