# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# 100 labelled images of 8 x 8 pixels for training, 899 for testing.
data_preprocessor = dict(num_classes=10, mean=[78.0] * 3, std=[96.0] * 3)
train_dataloader = dict(
    batch_size=20,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        type='Digits',
        split='train',
        images_per_class=10,
        pipeline=[
            dict(type='RandomCrop', crop_size=8, padding=1),
            dict(type='PackInputs'),
        ],
    ),
    sampler=dict(type='DefaultSampler', shuffle=True),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(type='Digits', split='test', pipeline=[dict(type='PackInputs')]),
    sampler=dict(type='DefaultSampler', shuffle=False),
)
val_evaluator = dict(type='Accuracy', topk=(1,))
test_dataloader = val_dataloader
test_evaluator = val_evaluator
