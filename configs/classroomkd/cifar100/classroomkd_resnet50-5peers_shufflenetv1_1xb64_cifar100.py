# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ShuffleNetV1 learns from ResNet50 and five peers.
_base_ = [
    '../../_base_/datasets/cifar100_bs64.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
    '../../_base_/classification_runtime.py',
    '../../_base_/classroom/logits.py',
]
pretrain = '{{ fileDirname }}/../../pretrain/cifar100'
names = [
    'resnet50', 'resnet8', 'resnet14', 'resnet20', 'mobilenetv2-half', 'shufflenetv2',
]  # fmt: skip
model = dict(
    architecture=dict(cfg_path=f'{pretrain}/shufflenetv1_1xb64_cifar100.py'),
    mentors={
        name: dict(
            cfg_path=f'{pretrain}/{name}_1xb64_cifar100.py',
            ckpt=f'work_dirs/{name}_1xb64_cifar100/epoch_240.pth',
        )
        for name in names
    },
)
