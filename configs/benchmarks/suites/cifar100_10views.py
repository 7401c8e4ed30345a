# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `cifar100` with 10 views of each image, in place of six.
_base_ = './cifar100.py'
benchmark = dict(
    title='CIFAR-100: ResNet8, 10 cached views of 25,000 images',
    views=dict(num_views=10),
)
