# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Every mentor teaches every sample with DIST; the total weight of the classroom.
_base_ = './average.py'
title = 'average of the mentors, teaching with DIST, weight n'
source = 'arXiv 2205.10536'
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
