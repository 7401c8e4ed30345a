# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = ['mmpretrain::_base_/datasets/cifar10_bs16.py']
train_dataloader = dict(batch_size=64)
val_dataloader = dict(batch_size=256)
test_dataloader = dict(batch_size=256)
