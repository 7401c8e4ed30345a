# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The schedule of 240 epochs, stretched; the paper only gives the number of epochs.
_base_ = ['./cifar_sgd_240e.py']
param_scheduler = [
    dict(type='LinearLR', start_factor=1.0, end_factor=0.2, end=251),
    dict(type='MultiStepLR', milestones=[312, 375, 437], gamma=0.1),
]
train_cfg = dict(max_epochs=500)
