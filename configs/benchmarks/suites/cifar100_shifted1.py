# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `cifar100`. The classes of one of five mentors are shifted by one:
# they are sure, and wrong.
_base_ = './cifar100.py'
shifted = [(label + 1) % 100 for label in range(100)]
benchmark = dict(
    title='CIFAR-100, one of five mentors shifted',
    mentors={name: dict(class_map=shifted) for name in ['resnet14']},
)
