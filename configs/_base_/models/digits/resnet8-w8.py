# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='CIFARResNet', depth=8, base_channels=8),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=32),
)
