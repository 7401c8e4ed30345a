# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/connected_preds.py'
title = 'CWD, best mentor'
source = 'arXiv 2011.13256'
distiller = dict(
    distill_losses=dict(
        loss_features=dict(type='ChannelWiseDivergence', tau=1, loss_weight=1)
    )
)
