# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Mentors with other formats than the student: one takes crops of 384x288 pixels, cut
# from the full image, and gives heatmaps of 96x72; another has the 133 keypoints of the
# whole body.
_base_ = '../../_base_/classroom/heatmaps_coco.py'
custom_imports = dict(
    imports=[
        'classroomkd_mm.models',
        'classroomkd_mm.tasks.pose.crops',
        'classroomkd_mm.engine',
    ]
)
model = dict(
    architecture=dict(
        cfg_path='{{ fileDirname }}/../../pretrain/coco/'
        'td-hm_res18_8xb64-210e_coco-256x192.py',
    ),
    mentors={
        name: _base_.mentors[name]
        for name in ['hrnet-w48-384x288', 'hrnet-w32-wholebody', 'res50']
    },
)
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
