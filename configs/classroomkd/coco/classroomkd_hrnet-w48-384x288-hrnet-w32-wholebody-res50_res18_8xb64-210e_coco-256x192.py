# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# What differs between pose models, mixed: one mentor sees 384x288 pixels, cut for it
# from the full image, and gives maps of 96x72; one knows the 133 key points of a whole
# body, the first 17 of which are COCO's.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res50_8xb64-210e_coco-256x192.py',
    '../../_base_/classroom/heatmaps.py',
]
custom_imports = dict(imports=['classroomkd_mm'])

model = dict(
    _delete_=True,
    _scope_='mmrazor',
    type='ClassroomDistill',
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_res50_8xb64-210e_coco-256x192.py',
        backbone=dict(
            depth=18,
            init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'),
        ),
        head=dict(in_channels=512),
    ),
    mentors=dict(
        hrnet_w48_384x288=dict(
            cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
            'td-hm_hrnet-w48_8xb32-210e_coco-384x288.py',
            pretrained=True,
        ),
        hrnet_w32_wholebody=dict(
            cfg_path='mmpose::wholebody_2d_keypoint/topdown_heatmap/coco-wholebody/'
            'td-hm_hrnet-w32_8xb64-210e_coco-wholebody-256x192.py',
            pretrained=True,
            keypoint_map=list(range(17)),
        ),
        res50=dict(
            cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
            'td-hm_res50_8xb64-210e_coco-256x192.py',
            pretrained=True,
        ),
    ),
    distiller=_base_.distiller,
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmrazor.ClassroomHook')]

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),
    dict(type='RandomBBoxTransform'),
    dict(
        type='ClassroomTopdownAffine',
        input_size=_base_.codec.input_size,
        mentor_sizes=[(288, 384)],
    ),
    dict(type='GenerateTarget', encoder=_base_.codec),
    dict(type='PackClassroomInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
