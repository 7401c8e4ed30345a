# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The total weight of the classroom.
_base_ = './camkd_features.py'
title = 'CA-MKD with features, τ = 4, weight n'
distiller = dict(
    distill_losses=dict(
        loss_classroom=dict(loss_weight=1.0), loss_features=dict(loss_weight=50)
    )
)
