# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    '../../_base_/models/cifar/resnet20.py',
    '../../_base_/datasets/cifar10_jpeg.py',
    '../../_base_/schedules/cifar_sgd_10e.py',
    '../../_base_/cifar10_jpeg_runtime.py',
]
model = dict(head=dict(num_classes=10, topk=(1,)))
