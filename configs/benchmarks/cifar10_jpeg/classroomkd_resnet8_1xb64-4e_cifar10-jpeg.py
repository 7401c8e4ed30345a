# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet8 learns from three networks that were trained for longer.
_base_ = [
    '../../_base_/classroom/logits_cifar10_jpeg.py',
    '../../_base_/schedules/cifar_sgd_4e.py',
]
here = '{{ fileDirname }}'
model = dict(
    architecture=dict(cfg_path=f'{here}/resnet8_1xb64-4e_cifar10-jpeg.py'),
    mentors={
        name: dict(
            cfg_path=f'{here}/{name}_1xb64-10e_cifar10-jpeg.py',
            ckpt=f'work_dirs/{name}_1xb64-10e_cifar10-jpeg/epoch_10.pth',
        )
        for name in ['resnet20', 'resnet14', 'resnet8']
    },
)
