# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './res18-w8.py'
model = dict(
    backbone=dict(stem_channels=32, base_channels=32),
    head=dict(in_channels=64, deconv_out_channels=(32, 32)),
)
