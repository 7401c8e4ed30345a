# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    '../../_base_/datasets/cifar10_jpeg.py',
    '../../_base_/schedules/cifar_sgd_4e.py',
    '../../_base_/cifar10_jpeg_runtime.py',
]
here = '{{ fileDirname }}'
model = dict(
    _scope_='mmrazor',
    type='ClassroomDistill',
    architecture=dict(cfg_path=f'{here}/resnet8_1xb64-4e_cifar10-jpeg.py'),
    mentors={
        name: dict(
            cfg_path=f'{here}/{name}_1xb64-10e_cifar10-jpeg.py',
            ckpt=f'work_dirs/{name}_1xb64-10e_cifar10-jpeg/epoch_10.pth',
        )
        for name in ('resnet20', 'resnet14', 'resnet8')
    },
    distiller=dict(
        type='ClassroomDistiller',
        knowledge_filter=dict(type='KnowledgeFilter', level='sample'),
        mentoring=dict(type='Mentoring', tau_max=12),
        distill_losses=dict(loss_classroom=dict(type='ClassroomKDLoss')),
    ),
)
custom_hooks = [dict(type='mmrazor.ClassroomHook', interval=20)]
