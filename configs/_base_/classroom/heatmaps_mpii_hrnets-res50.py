# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The mentors that the small students on MPII share. A recipe hands them to its
# model: mentors=_base_.mentors.
_base_ = ['./heatmaps_mpii.py']
mentors = dict(
    hrnet_w48=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
        'td-hm_hrnet-w48_8xb64-210e_mpii-256x256.py',
        pretrained=True,
    ),
    hrnet_w32=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
        'td-hm_hrnet-w32_8xb64-210e_mpii-256x256.py',
        pretrained=True,
    ),
    res50=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
        'td-hm_res50_8xb64-210e_mpii-256x256.py',
        pretrained=True,
    ),
)
