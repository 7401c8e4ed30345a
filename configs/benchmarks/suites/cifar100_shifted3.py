# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `cifar100`. The classes of three of five mentors are shifted by one:
# they are sure, and wrong.
_base_ = './cifar100.py'
shifted = [(label + 1) % 100 for label in range(100)]
benchmark = dict(
    title='CIFAR-100, three of five mentors shifted',
    mentors={
        name: dict(class_map=shifted) for name in ['resnet26', 'resnet14', 'resnet8']
    },
)
