# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    '../../_base_/models/cifar/mobilenetv2-half.py',
    '../../_base_/datasets/cifar100_bs64.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
    '../../_base_/classification_runtime.py',
]
