# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/connected_features.py'
title = 'OFD, best mentor'
source = 'arXiv 1904.01866'
distiller = dict(distill_losses=dict(loss_features=dict(type='OFDLoss')))
