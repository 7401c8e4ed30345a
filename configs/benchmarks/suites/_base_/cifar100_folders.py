# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# CIFAR-100 as image files: the environment variable CIFAR100 names a folder with
# train/ and test/, each with a subfolder for each class. Half of the training images.
data_root = '{{$CIFAR100:data/cifar100}}'
# MMPretrain reads BGR images and converts them to RGB.
data_preprocessor = dict(
    num_classes=100,
    mean=[255 * value for value in (0.507, 0.487, 0.441)],
    std=[255 * value for value in (0.267, 0.256, 0.276)],
    to_rgb=True,
)
train_dataloader = dict(
    batch_size=128,
    num_workers=1,
    persistent_workers=True,
    # One tensor a batch: a worker passes on each tensor by a file descriptor.
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        # One fold of two, shuffled: 25,000 images.
        type='KFoldDataset',
        num_splits=2,
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
    batch_size=500,
    num_workers=1,
    persistent_workers=False,
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='CustomDataset',
        data_root=data_root,
        data_prefix='test',
        pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
    ),
    sampler=dict(type='DefaultSampler', shuffle=False),
)
val_evaluator = [
    dict(type='Accuracy', topk=(1,)),
    # For the share of classes that improve.
    dict(type='SingleLabelMetric', items=('recall',), average=None),
]
test_dataloader = val_dataloader
test_evaluator = val_evaluator
