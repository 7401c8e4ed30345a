# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# WRN-16-2 learns from WRN-40-2 and five peers.
# The paper's table abbreviates the peers; they are taken from its other rows.
_base_ = [
    '../../_base_/classroom/logits_cifar100.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
]
model = dict(
    architecture=dict(cfg_path=f'{_base_.pretrain}/wrn-16-2_1xb64_cifar100.py'),
    mentors={
        name: _base_.mentors[name] for name in ['wrn-40-2', *_base_.peers.no_resnet20]
    },
)
