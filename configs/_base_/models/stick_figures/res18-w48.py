# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './res18-w8.py'
model = dict(
    backbone=dict(stem_channels=48, base_channels=48),
    head=dict(in_channels=96, deconv_out_channels=(48, 48)),
)
