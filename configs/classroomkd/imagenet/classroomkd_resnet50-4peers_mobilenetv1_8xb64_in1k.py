# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MobileNetV1 learns from ResNet50 and four peers.
_base_ = [
    'mmpretrain::_base_/datasets/imagenet_bs64.py',
    '../../_base_/schedules/imagenet_sgd_100e.py',
    '../../_base_/classification_runtime.py',
    '../../_base_/classroom/logits.py',
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
        'resnet50': dict(
            cfg_path='mmpretrain::resnet/resnet50_8xb32_in1k.py', pretrained=True
        ),
        'googlenet': dict(
            model=dict(type='torchvision.models.googlenet', weights='IMAGENET1K_V1')
        ),
        'mobilenetv2': dict(
            cfg_path='mmpretrain::mobilenet_v2/mobilenet-v2_8xb32_in1k.py',
            pretrained=True,
        ),
        'regnetx-400mf': dict(
            cfg_path='mmpretrain::regnet/regnetx-400mf_8xb128_in1k.py', pretrained=True
        ),
        'densenet169': dict(
            cfg_path='mmpretrain::densenet/densenet169_4xb256_in1k.py', pretrained=True
        ),
    },
    distiller=dict(mentoring=dict(tau_max=4)),
)
