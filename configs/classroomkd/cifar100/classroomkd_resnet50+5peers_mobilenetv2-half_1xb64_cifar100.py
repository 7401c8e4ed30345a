# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MobileNetV2 of half width learns from ResNet50 and five peers.
_base_ = [
    '../../_base_/classroom/logits_cifar100.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
]
model = dict(
    architecture=dict(cfg_path=f'{_base_.pretrain}/mobilenetv2-half_1xb64_cifar100.py'),
    mentors={
        name: _base_.mentors[name]
        for name in ['resnet50', *_base_.peers.no_mobilenetv2]
    },
)
