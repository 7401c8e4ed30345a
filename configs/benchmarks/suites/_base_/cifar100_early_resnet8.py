# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A ResNet8 that sees the training images three times, at a constant learning rate.
_base_ = [
    '../../../_base_/models/cifar/resnet8.py',
    './cifar100_folders.py',
    './sgd_12e.py',
    './cpu_runtime.py',
]
model = dict(head=dict(topk=(1,)))
param_scheduler = []
train_cfg = dict(max_epochs=3)
