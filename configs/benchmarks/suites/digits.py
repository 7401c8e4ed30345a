# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A small network learns 100 handwritten digits from three mentors: for a first look,
# and for the tests. Differences are within the noise.
_base_ = [
    '../../_base_/models/digits/resnet8-w4.py',
    '../../_base_/datasets/digits.py',
    '../../_base_/schedules/digits_adamw_240e.py',
    '../../_base_/digits_runtime.py',
    './_base_/classification.py',
]
pretrain = '{{ fileDirname }}/../../pretrain/digits'
weights = '{{ fileDirname }}/../../classroomkd/digits/mentors'
# The best learning rate of the student alone.
optim_wrapper = dict(optimizer=dict(lr=0.01))
val_evaluator = [
    dict(type='Accuracy', topk=(1,)),
    # For the share of classes that improve.
    dict(type='SingleLabelMetric', items=('recall',), average=None),
]
test_evaluator = val_evaluator
benchmark = dict(
    title='Digits: 100 training images, three mentors',
    mentors={
        name: dict(
            cfg_path=f'{pretrain}/{name}_1xb20_digits.py',
            ckpt=f'{weights}/{name}.pth',
        )
        for name in ['resnet14-w20', 'resnet8-w8', 'resnet8-w3']
    },
    views=dict(num_views=10),
    cache=True,
    # resnet8-w8.
    assistant=dict(backbone=dict(base_channels=8), head=dict(in_channels=32)),
    num_samples=100,
    features=dict(
        student=dict(source='backbone', index=0, channels=16),
        mentor=dict(source='backbone', index=0, channels=80, classifier='head.fc'),
        mentors={
            name: dict(recorder='ModuleOutputs', source='backbone', channels=channels)
            for name, channels in {
                'resnet14-w20': 80, 'resnet8-w8': 32, 'resnet8-w3': 12,
            }.items()
        },
    ),
)  # fmt: skip
