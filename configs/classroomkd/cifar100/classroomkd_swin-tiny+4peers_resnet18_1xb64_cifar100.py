# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet18 learns from Swin-T and four peers.
_base_ = [
    '../../_base_/classroom/logits_cifar100.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
]
model = dict(
    architecture=dict(cfg_path=f'{_base_.pretrain}/resnet18_1xb64_cifar100.py'),
    mentors={
        name: _base_.mentors[name]
        for name in ['swin-tiny', 'shufflenetv2', 'wrn-40-2', 'vgg13', 'resnet32x4']
    },
)
