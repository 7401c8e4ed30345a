# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet34 learns from WRN-40-2 and eight peers.
_base_ = [
    '../../_base_/classroom/logits_cifar100.py',
    '../../_base_/schedules/cifar_sgd_500e.py',
]
model = dict(
    architecture=dict(cfg_path=f'{_base_.pretrain}/resnet34_1xb64_cifar100.py'),
    mentors={
        name: _base_.mentors[name]
        for name in [
            'wrn-40-2', 'resnet20', 'mobilenetv2-half', 'shufflenetv2', 'resnet56',
            'vgg13', 'resnet50', 'wrn-16-8', 'wrn-28-10',
        ]
    },
)  # fmt: skip
