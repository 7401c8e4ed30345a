# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The two weakest mentors of `cifar100` are replaced by two that know half of the
# classes each.
_base_ = './cifar100.py'
recipes = '{{ fileDirname }}/_base_'
benchmark = dict(
    title='CIFAR-100, with two mentors for half of the classes each',
    mentors=dict(
        resnet14=None,
        resnet8=None,
        first_half=dict(
            pretrain=f'{recipes}/cifar100_first_half_resnet20.py', fast=True
        ),
        second_half=dict(
            pretrain=f'{recipes}/cifar100_second_half_resnet20.py', fast=True
        ),
    ),
)
