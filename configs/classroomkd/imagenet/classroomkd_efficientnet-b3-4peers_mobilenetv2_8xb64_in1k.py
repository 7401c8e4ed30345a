# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MobileNetV2 learns from EfficientNet-B3 and four peers, a trained MobileNetV2 among
# them.
_base_ = [
    'mmpretrain::_base_/datasets/imagenet_bs64.py',
    '../../_base_/schedules/imagenet_sgd_100e.py',
    '../../_base_/classification_runtime.py',
    '../../_base_/classroom/logits.py',
]
model = dict(
    architecture=dict(cfg_path='mmpretrain::mobilenet_v2/mobilenet-v2_8xb32_in1k.py'),
    mentors={
        'efficientnet-b3': dict(
            cfg_path='mmpretrain::efficientnet/efficientnet-b3_8xb32_in1k.py',
            pretrained=True,
            input_size=300,
        ),
        'squeezenet': dict(
            model=dict(type='torchvision.models.squeezenet1_1', weights='IMAGENET1K_V1')
        ),
        'mobilenetv2': dict(
            cfg_path='mmpretrain::mobilenet_v2/mobilenet-v2_8xb32_in1k.py',
            pretrained=True,
        ),
        'regnety-32gf': dict(
            model=dict(type='torchvision.models.regnet_y_32gf', weights='IMAGENET1K_V1')
        ),
        'regnety-1.6gf': dict(
            model=dict(
                type='torchvision.models.regnet_y_1_6gf', weights='IMAGENET1K_V1'
            )
        ),
    },
    distiller=dict(mentoring=dict(tau_max=8)),
)
