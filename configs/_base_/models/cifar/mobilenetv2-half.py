# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='CIFARMobileNetV2',
        out_indices=(7,),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=100,
        in_channels=1280,
        loss=dict(type='CrossEntropyLoss', loss_weight=1.0),
        topk=(1, 5),
    ),
)
