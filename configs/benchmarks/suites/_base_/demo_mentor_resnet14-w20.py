# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The strongest mentor of the demo: deeper, wider and trained for twice as long.
_base_ = './demo_mentor_resnet8-w14.py'
model = dict(backbone=dict(depth=14, base_channels=20), head=dict(in_channels=80))
param_scheduler = dict(T_max=16)
train_cfg = dict(max_epochs=16)
