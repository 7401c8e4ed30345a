# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    '../../_base_/models/cifar/resnet8.py',
    '../../_base_/datasets/cifar10_bs64.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
    '../../_base_/classification_runtime.py',
]
model = dict(head=dict(num_classes=10))
