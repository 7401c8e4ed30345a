# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A fifth of CIFAR-10's training images, as JPEG files. The environment variable
# CIFAR10_JPEG names the folder with train/ and test/, with one subfolder per class.
data_root = '{{$CIFAR10_JPEG:data/cifar10_jpeg}}'
# MMPretrain reads BGR images and converts them to RGB.
data_preprocessor = dict(
    num_classes=10,
    mean=[125.3, 123.0, 113.9],
    std=[63.0, 62.1, 66.7],
    to_rgb=True,
)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        # One fold of five, shuffled: 10,000 images.
        type='KFoldDataset',
        num_splits=5,
        test_mode=True,
        seed=0,
        dataset=dict(
            type='CustomDataset',
            data_root=data_root,
            data_prefix='train',
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='RandomCrop', crop_size=32, padding=4),
                dict(type='RandomFlip', prob=0.5, direction='horizontal'),
                dict(type='PackInputs'),
            ],
        ),
    ),
    sampler=dict(type='DefaultSampler', shuffle=True),
)
val_dataloader = dict(
    batch_size=250,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        type='CustomDataset',
        data_root=data_root,
        data_prefix='test',
        pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
    ),
    sampler=dict(type='DefaultSampler', shuffle=False),
)
val_evaluator = dict(type='Accuracy', topk=(1,))
test_dataloader = val_dataloader
test_evaluator = val_evaluator
