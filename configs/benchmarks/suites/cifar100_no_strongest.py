# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `cifar100` without its strongest mentor.
_base_ = './cifar100.py'
benchmark = dict(
    title='CIFAR-100, the strongest mentor left out', mentors=dict(resnet32=None)
)
