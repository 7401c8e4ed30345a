# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/features.py'
title = 'AT, best mentor'
source = 'arXiv 1612.03928'
distiller = dict(
    distill_losses=dict(loss_features=dict(type='ATLoss', loss_weight=1000))
)
