# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = ['../../_base_/models/cifar/resnet14.py', './base.py']
model = dict(head=dict(num_classes=10, topk=(1,)))
