# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Lite-HRNet-18 learns from two HRNets and a ResNet-50.
_base_ = '../../_base_/classroom/heatmaps_mpii.py'
model = dict(
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
        'td-hm_litehrnet-18_8xb64-210e_mpii-256x256.py',
    ),
    mentors={name: _base_.mentors[name] for name in _base_.hrnets_res50},
)

# The milder augmentation that MMPose gives its smallest networks.
train_pipeline = [
    dict(step, rotate_factor=60, scale_factor=(0.75, 1.25))
    if step.type == 'RandomBBoxTransform'
    else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
