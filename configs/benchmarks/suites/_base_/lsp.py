# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Real people: crops of Leeds Sports Pose Extended. The environment variable LSP names
# a folder with train.json, val.json (COCO's format) and the images they name.
_base_ = ['mmpose::_base_/default_runtime.py']
custom_imports = dict(imports=['classroomkd_mm'])
codec = dict(type='MSRAHeatmap', input_size=(72, 96), heatmap_size=(36, 48), sigma=2)
data_root = '{{$LSP:data/lsp}}'
points = '{{ fileDirname }}/lsp_points.py'
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CocoDataset',
        data_root=data_root,
        data_mode='topdown',
        ann_file='train.json',
        data_prefix=dict(img=''),
        metainfo=dict(from_file=points),
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='RandomFlip', direction='horizontal'),
            dict(type='RandomBBoxTransform', rotate_factor=60, scale_factor=(0.8, 1.2)),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='GenerateTarget', encoder=codec),
            dict(type='PackPoseInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='CocoDataset',
        data_root=data_root,
        data_mode='topdown',
        ann_file='val.json',
        data_prefix=dict(img=''),
        metainfo=dict(from_file=points),
        test_mode=True,
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='PackPoseInputs'),
        ],
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='PCKAccuracy', thr=0.1)]
test_evaluator = val_evaluator
optim_wrapper = dict(optimizer=dict(type='Adam', lr=3e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', T_max=10, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=10, val_interval=10)
default_hooks = dict(
    logger=dict(interval=50), checkpoint=dict(interval=1, max_keep_ckpts=1)
)
custom_hooks = [dict(type='mmrazor.ChannelsLastHook')]
env_cfg = dict(dist_cfg=dict(backend='gloo'))
