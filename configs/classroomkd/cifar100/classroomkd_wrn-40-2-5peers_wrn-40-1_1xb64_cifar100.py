# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# WRN-40-1 learns from WRN-40-2 and five peers.
# The paper's table abbreviates these peers; they are those of its other rows.
_base_ = [
    '../../_base_/datasets/cifar100_bs64.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
    '../../_base_/classification_runtime.py',
    '../../_base_/classroom/logits.py',
]
pretrain = '{{ fileDirname }}/../../pretrain/cifar100'
names = [
    'wrn-40-2', 'resnet8', 'resnet14', 'shufflenetv2', 'mobilenetv2-half',
    'shufflenetv1',
]  # fmt: skip
model = dict(
    architecture=dict(cfg_path=f'{pretrain}/wrn-40-1_1xb64_cifar100.py'),
    mentors={
        name: dict(
            cfg_path=f'{pretrain}/{name}_1xb64_cifar100.py',
            ckpt=f'work_dirs/{name}_1xb64_cifar100/epoch_240.pth',
        )
        for name in names
    },
)
