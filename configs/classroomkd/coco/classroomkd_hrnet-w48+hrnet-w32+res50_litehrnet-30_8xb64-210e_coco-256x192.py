# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Lite-HRNet-30 learns from two HRNets and a ResNet-50.
_base_ = '../../_base_/classroom/heatmaps_coco_mild.py'
model = dict(
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_litehrnet-30_8xb64-210e_coco-256x192.py',
    ),
    mentors={name: _base_.mentors[name] for name in _base_.hrnets_res50},
)
