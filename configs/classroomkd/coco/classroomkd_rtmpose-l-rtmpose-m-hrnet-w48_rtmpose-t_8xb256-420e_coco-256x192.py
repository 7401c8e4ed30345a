# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# RTMPose-t learns from two larger RTMPoses and, through the marginals of its heatmaps,
# from an HRNet.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py',
    '../../_base_/classroom/simcc.py',
]
custom_imports = dict(imports=['classroomkd_mm'])

model = dict(
    _delete_=True,
    _scope_='mmrazor',
    type='ClassroomDistill',
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/rtmpose/coco/'
        'rtmpose-t_8xb256-420e_coco-256x192.py',
    ),
    mentors=dict(
        rtmpose_l=dict(
            cfg_path='mmpose::body_2d_keypoint/rtmpose/coco/'
            'rtmpose-l_8xb256-420e_coco-256x192.py',
            pretrained=True,
        ),
        rtmpose_m=dict(
            cfg_path='mmpose::body_2d_keypoint/rtmpose/coco/'
            'rtmpose-m_8xb256-420e_coco-256x192.py',
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
