# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ShuffleNetV1 learns from ResNet50 and five peers.
_base_ = [
    '../../_base_/classroom/logits_cifar100.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
]
model = dict(
    architecture=dict(cfg_path=f'{_base_.pretrain}/shufflenetv1_1xb64_cifar100.py'),
    mentors={
        name: _base_.mentors[name]
        for name in ['resnet50', *_base_.peers.no_shufflenetv1]
    },
)
