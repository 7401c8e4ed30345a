# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet8 learns half of CIFAR-100 in 12 epochs from five networks that others trained
# and published. On one core of a CPU a run takes a few minutes.
_base_ = [
    '../../_base_/models/cifar/resnet8.py',
    './_base_/cifar100_folders.py',
    './_base_/sgd_12e.py',
    './_base_/cpu_runtime.py',
    './_base_/classification.py',
]
published = '{{$CIFAR100_MENTORS:data/cifar100_mentors}}'
model = dict(head=dict(topk=(1,)))
benchmark = dict(
    title='CIFAR-100: ResNet8, 25,000 images, 12 epochs, five published mentors',
    mentors={
        f'resnet{depth}': dict(
            model=dict(
                type='classroomkd_mm.benchmark.published_resnet.PublishedResNet',
                depth=depth,
            ),
            ckpt=f'{published}/resnet{depth}.pth',
            fast=True,
            data_preprocessor=dict(
                mean=_base_.data_preprocessor.mean,
                std=_base_.data_preprocessor.std,
                to_rgb=True,
            ),
        )
        for depth in [32, 26, 20, 14, 8]
    },
    views=dict(num_views=6),
    cache=True,
    # ResNet20.
    assistant=dict(backbone=dict(depth=20)),
    num_samples=25000,
    features=dict(
        student=dict(source='backbone', index=0, channels=64),
        # Behind the ReLU that follows each stage.
        mentor=dict(
            recorder='ModuleInputs',
            source='pool',
            index=0,
            channels=64,
            classifier='linear',
        ),
        mentors={
            f'resnet{depth}': dict(recorder='ModuleInputs', source='pool', channels=64)
            for depth in [32, 26, 20, 14, 8]
        },
    ),
    needs={
        **{
            f'{_base_.data_root}/{split}': 'set CIFAR100 to a folder of CIFAR-100 as '
            'image files, with train/CLASS/*.png and test/CLASS/*.png '
            '(docs/benchmark.md).'
            for split in ['train', 'test']
        },
        published: 'set CIFAR100_MENTORS to the folder with resnet8.pth, resnet14.pth, '
        'resnet20.pth, resnet26.pth and resnet32.pth (docs/benchmark.md).',
    },
)
