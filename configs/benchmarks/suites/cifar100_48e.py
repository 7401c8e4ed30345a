# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `cifar100` at four times the budget.
_base_ = './cifar100.py'
train_cfg = dict(max_epochs=48, val_interval=48)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], T_max=47, end=48),
]
benchmark = dict(
    title='CIFAR-100: ResNet8, 25,000 images, 48 epochs, five published mentors'
)
