# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# SimpleBaseline with ResNet-50 learns from two ViTPoses, whose codec is UDP, and an
# HRNet, whose codec is MSRA like the student's.
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
    ),
    mentors=dict(
        vitpose_b=dict(
            cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
            'td-hm_ViTPose-base_8xb64-210e_coco-256x192.py',
            pretrained=True,
        ),
        vitpose_s=dict(
            cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
            'td-hm_ViTPose-small_8xb64-210e_coco-256x192.py',
            pretrained=True,
        ),
        hrnet_w48=dict(
            cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
            'td-hm_hrnet-w48_8xb32-210e_coco-256x192.py',
            pretrained=True,
        ),
    ),
    distiller=_base_.distiller,
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmrazor.ClassroomHook')]
