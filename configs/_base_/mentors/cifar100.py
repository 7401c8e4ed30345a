# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# All networks of pretrain/cifar100 as mentors, with the weights from these runs.
pretrain = '{{ fileDirname }}/../../pretrain/cifar100'
mentors = {
    name: dict(
        cfg_path=f'{pretrain}/{name}_1xb64_cifar100.py',
        ckpt=f'work_dirs/{name}_1xb64_cifar100/epoch_240.pth',
    )
    for name in [
        'resnet8', 'resnet14', 'resnet20', 'resnet32', 'resnet44', 'resnet56',
        'resnet110', 'resnet8x4', 'resnet32x4', 'resnet18', 'resnet34', 'resnet50',
        'wrn-16-2', 'wrn-40-1', 'wrn-40-2', 'wrn-16-8', 'wrn-28-10', 'vgg8', 'vgg13',
        'mobilenetv2-half', 'shufflenetv1', 'shufflenetv2',
    ]
}  # fmt: skip
mentors['resnet34'].update(ckpt='work_dirs/resnet34_1xb64_cifar100/epoch_500.pth')
mentors['swin-tiny'] = dict(
    cfg_path=f'{pretrain}/swin-tiny_1xb64_cifar100.py',
    ckpt='work_dirs/swin-tiny_1xb64_cifar100/epoch_30.pth',
    input_size=224,
)
# The paper's peers: five of six small networks, named by the omitted one.
peers = dict(
    no_mobilenetv2=['resnet8', 'resnet14', 'resnet20', 'shufflenetv1', 'shufflenetv2'],
    no_resnet20=[
        'resnet8', 'resnet14', 'shufflenetv2', 'mobilenetv2-half', 'shufflenetv1',
    ],
    no_shufflenetv1=[
        'resnet8', 'resnet14', 'resnet20', 'mobilenetv2-half', 'shufflenetv2',
    ],
    no_shufflenetv2=[
        'resnet8', 'resnet14', 'resnet20', 'mobilenetv2-half', 'shufflenetv1',
    ],
)  # fmt: skip
