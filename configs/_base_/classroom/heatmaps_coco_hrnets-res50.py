# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The mentors that the small students on COCO share. A recipe hands them to its
# model: mentors=_base_.mentors.
_base_ = ['./heatmaps.py']
mentors = dict(
    hrnet_w48=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_hrnet-w48_8xb32-210e_coco-256x192.py',
        pretrained=True,
    ),
    hrnet_w32=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
        pretrained=True,
    ),
    res50=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_res50_8xb64-210e_coco-256x192.py',
        pretrained=True,
    ),
)
