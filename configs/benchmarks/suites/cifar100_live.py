# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `cifar100` with new views in each epoch, so that nothing is cached.
_base_ = './cifar100.py'
benchmark = dict(
    title='CIFAR-100: ResNet8, new views of 25,000 images in each epoch',
    views=dict(_delete_=True),
    cache=False,
)
