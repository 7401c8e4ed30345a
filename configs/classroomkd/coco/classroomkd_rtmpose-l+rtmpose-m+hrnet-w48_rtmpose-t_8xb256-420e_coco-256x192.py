# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# RTMPose-t learns from two larger RTMPoses and, through the marginals of its heatmaps,
# from an HRNet.
_base_ = '../../_base_/classroom/simcc_coco.py'
model = dict(
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/rtmpose/coco/'
        'rtmpose-t_8xb256-420e_coco-256x192.py',
    ),
    mentors={
        name: _base_.mentors[name] for name in ['rtmpose-l', 'rtmpose-m', 'hrnet-w48']
    },
)
