# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/connected_features.py'
title = 'FitNets, best mentor'
source = 'arXiv 1412.6550'
distiller = dict(
    distill_losses=dict(
        loss_features=dict(
            type='L2Loss', normalize=False, div_element=True, loss_weight=100
        )
    )
)
