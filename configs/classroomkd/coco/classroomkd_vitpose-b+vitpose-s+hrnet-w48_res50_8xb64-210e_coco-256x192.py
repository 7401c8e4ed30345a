# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# SimpleBaseline with ResNet-50 learns from two ViTPoses, whose codec is UDP, and an
# HRNet, whose codec is MSRA like the student's.
_base_ = '../../_base_/classroom/heatmaps_coco.py'
model = dict(
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_res50_8xb64-210e_coco-256x192.py',
    ),
    mentors={
        name: _base_.mentors[name] for name in ['vitpose-b', 'vitpose-s', 'hrnet-w48']
    },
)
