# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `cifar100` for a student of another family, one of depthwise
# convolutions.
_base_ = './cifar100.py'
model = dict(
    backbone=dict(_delete_=True, type='CIFARMobileNetV2', out_indices=(7,)),
    head=dict(in_channels=1280),
)
benchmark = dict(
    title='CIFAR-100: MobileNetV2, 25,000 images, 12 epochs, five published mentors',
    # The mentors' last maps have 8 x 8 cells, those of MobileNetV2 2 x 2.
    features=dict(_delete_=True),
    assistant=dict(_delete_=True),
)
