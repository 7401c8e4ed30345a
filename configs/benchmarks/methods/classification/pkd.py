# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/connected_preds.py'
title = 'PKD, best mentor'
source = 'arXiv 2207.02039'
distiller = dict(distill_losses=dict(loss_features=dict(type='PKDLoss', loss_weight=6)))
