# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './demo_mentor_resnet8-w14.py'
model = dict(backbone=dict(base_channels=10), head=dict(in_channels=40))
