# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet32 learns from ResNet110 and five peers.
# The paper's table abbreviates the peers; they are taken from its other rows.
_base_ = [
    '../../_base_/classroom/logits_cifar100.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
]
model = dict(
    architecture=dict(cfg_path=f'{_base_.pretrain}/resnet32_1xb64_cifar100.py'),
    mentors={
        name: _base_.mentors[name] for name in ['resnet110', *_base_.peers.no_resnet20]
    },
)
