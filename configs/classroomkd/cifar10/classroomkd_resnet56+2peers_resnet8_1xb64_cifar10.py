# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet8 learns from ResNet56 and two peers, on 10 classes.
_base_ = [
    '../../_base_/classroom/logits_cifar10.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
]
pretrain = '{{ fileDirname }}/../../pretrain/cifar10'
model = dict(
    architecture=dict(cfg_path=f'{pretrain}/resnet8_1xb64_cifar10.py'),
    mentors={
        name: dict(
            cfg_path=f'{pretrain}/{name}_1xb64_cifar10.py',
            ckpt=f'work_dirs/{name}_1xb64_cifar10/epoch_240.pth',
        )
        for name in ['resnet56', 'resnet14', 'resnet20']
    },
)
