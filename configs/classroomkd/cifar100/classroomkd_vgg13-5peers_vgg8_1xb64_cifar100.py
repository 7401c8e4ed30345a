# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# VGG8 learns from VGG13 and five peers.
# The paper's table abbreviates these peers; they are those of its other rows.
_base_ = [
    '../../_base_/datasets/cifar100_bs64.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
    '../../_base_/classification_runtime.py',
    '../../_base_/classroom/logits.py',
]
pretrain = '{{ fileDirname }}/../../pretrain/cifar100'
names = ['vgg13', 'resnet8', 'resnet14', 'resnet20', 'shufflenetv1', 'shufflenetv2']
model = dict(
    architecture=dict(cfg_path=f'{pretrain}/vgg8_1xb64_cifar100.py'),
    mentors={
        name: dict(
            cfg_path=f'{pretrain}/{name}_1xb64_cifar100.py',
            ckpt=f'work_dirs/{name}_1xb64_cifar100/epoch_240.pth',
        )
        for name in names
    },
)
