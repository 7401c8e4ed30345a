# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet18 learns from Swin-T and four peers.
_base_ = [
    '../../_base_/datasets/cifar100_bs64.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
    '../../_base_/classification_runtime.py',
    '../../_base_/classroom/logits.py',
]
pretrain = '{{ fileDirname }}/../../pretrain/cifar100'
names = ['shufflenetv2', 'wrn-40-2', 'vgg13', 'resnet32x4']
model = dict(
    architecture=dict(cfg_path=f'{pretrain}/resnet18_1xb64_cifar100.py'),
    mentors={
        'swin-tiny': dict(
            cfg_path=f'{pretrain}/swin-tiny_1xb64_cifar100.py',
            ckpt='work_dirs/swin-tiny_1xb64_cifar100/epoch_30.pth',
            input_size=224,
        ),
        **{
            name: dict(
                cfg_path=f'{pretrain}/{name}_1xb64_cifar100.py',
                ckpt=f'work_dirs/{name}_1xb64_cifar100/epoch_240.pth',
            )
            for name in names
        },
    },
)
