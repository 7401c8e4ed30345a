# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Synthetic stick figures, which take 20 seconds to draw on first use. Top-down, with
# ground-truth boxes. Heatmaps of half the input size keep COCO's AP meaningful at
# 48 x 64 pixels.
codec = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(24, 32), sigma=2)

data_mode = 'topdown'
dataset_type = 'StickFiguresDataset'
data_root = 'data/stick_figures'

# No RandomHalfBody and RandomBBoxTransform: the images already vary in view and size,
# and a training of a few epochs converges faster without them.
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs'),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        split='train',
        num_images=3000,
        data_root=data_root,
        data_mode=data_mode,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=0,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        split='val',
        num_images=400,
        data_root=data_root,
        data_mode=data_mode,
        test_mode=True,
        pipeline=val_pipeline,
    ),
)
test_dataloader = val_dataloader

# CocoMetric gets the annotations from the dataset.
val_evaluator = [
    dict(type='CocoMetric'),
    dict(type='PCKAccuracy', thr=0.05),
]
test_evaluator = val_evaluator
