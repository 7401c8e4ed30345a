# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# SimpleBaseline with ResNet-18 learns from two HRNets and two larger ResNets.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
    'td-hm_res50_8xb64-210e_mpii-256x256.py',
    '../../_base_/classroom/heatmaps_mpii_hrnets-res50.py',
]
custom_imports = dict(imports=['classroomkd_mm'])

model = dict(
    _delete_=True,
    _scope_='mmrazor',
    type='ClassroomDistill',
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
        'td-hm_res50_8xb64-210e_mpii-256x256.py',
        backbone=dict(
            depth=18,
            init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'),
        ),
        head=dict(in_channels=512),
    ),
    mentors=dict(
        _base_.mentors,
        res152=dict(
            cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/mpii/'
            'td-hm_res152_8xb32-210e_mpii-256x256.py',
            pretrained=True,
        ),
    ),
    distiller=_base_.distiller,
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmrazor.ClassroomHook')]
