# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MobileNetV2 learns from EfficientNet-B3 and four peers, including a trained
# MobileNetV2.
_base_ = [
    '../../_base_/classroom/logits_imagenet.py',
    '../../_base_/schedules/imagenet_sgd_100e.py',
]
model = dict(
    architecture=dict(cfg_path='mmpretrain::mobilenet_v2/mobilenet-v2_8xb32_in1k.py'),
    mentors={
        name: _base_.mentors[name]
        for name in [
            'efficientnet-b3',
            'squeezenet',
            'mobilenetv2',
            'regnety-32gf',
            'regnety-1.6gf',
        ]
    },
    distiller=dict(mentoring=dict(tau_max=8)),  # with settings.paper
)
