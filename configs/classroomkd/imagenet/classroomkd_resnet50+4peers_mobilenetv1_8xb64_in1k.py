# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MobileNetV1 learns from ResNet50 and four peers.
_base_ = [
    '../../_base_/classroom/logits_imagenet.py',
    '../../_base_/schedules/imagenet_sgd_100e.py',
]
model = dict(
    architecture=dict(
        type='mmpretrain.ImageClassifier',
        backbone=dict(type='MobileNetV1'),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(
            type='LinearClsHead', num_classes=1000, in_channels=1024, topk=(1, 5)
        ),
    ),
    mentors={
        name: _base_.mentors[name]
        for name in [
            'resnet50',
            'googlenet',
            'mobilenetv2',
            'regnetx-400mf',
            'densenet169',
        ]
    },
    distiller=dict(mentoring=dict(tau_max=4)),  # with settings.paper
)
