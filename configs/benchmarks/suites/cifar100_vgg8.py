# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `cifar100` for a student of another family.
_base_ = './cifar100.py'
model = dict(
    backbone=dict(_delete_=True, type='CIFARVGG', depth=8, out_indices=(4,)),
    head=dict(in_channels=512),
)
benchmark = dict(
    title='CIFAR-100: VGG8, 25,000 images, 12 epochs, five published mentors',
    # The mentors' last maps have 8 x 8 cells, those of VGG8 4 x 4.
    features=dict(_delete_=True),
    assistant=dict(_delete_=True),
)
