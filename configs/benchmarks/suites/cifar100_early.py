# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `cifar100` with a sixth mentor that was stopped early.
_base_ = './cifar100.py'
benchmark = dict(
    title='CIFAR-100, with a mentor that was stopped early',
    mentors=dict(
        early=dict(
            pretrain='{{ fileDirname }}/_base_/cifar100_early_resnet8.py', fast=True
        )
    ),
)
