# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet18 learns from ResNet34 and four peers. One of them needs timm (pip install
# timm); model.mentors.mobilenetv3-large-minimal=None removes it.
_base_ = [
    '../../_base_/classroom/logits_imagenet.py',
    '../../_base_/schedules/imagenet_sgd_100e.py',
]
model = dict(
    architecture=dict(cfg_path='mmpretrain::resnet/resnet18_8xb32_in1k.py'),
    mentors={
        name: _base_.mentors[name]
        for name in [
            'resnet34',
            'googlenet',
            'mobilenetv2',
            'regnetx-400mf',
            'mobilenetv3-large-minimal',
        ]
    },
    distiller=dict(mentoring=dict(tau_max=4)),  # with settings.paper
)
