# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MobileNetV2 learns from two HRNets and a ResNet-50.
_base_ = '../../_base_/classroom/heatmaps_mpii.py'
model = dict(
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
        'td-hm_mobilenetv2_8xb64-210e_mpii-256x256.py',
    ),
    mentors={name: _base_.mentors[name] for name in _base_.hrnets_res50},
)
