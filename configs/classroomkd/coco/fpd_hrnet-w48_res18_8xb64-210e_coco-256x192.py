# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classical baseline, Fast Pose Distillation (arXiv 1811.05419): squared error
# between the heatmaps of the student and of one mentor, who teaches everything. The
# task's and the mentor's loss count the same.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res50_8xb64-210e_coco-256x192.py',
    '../../_base_/classroom/heatmaps_mse.py',
]
custom_imports = dict(imports=['classroomkd_mm'])

model = dict(
    _delete_=True,
    _scope_='mmrazor',
    type='ClassroomDistill',
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_res50_8xb64-210e_coco-256x192.py',
        backbone=dict(
            depth=18,
            init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'),
        ),
        head=dict(in_channels=512),
    ),
    mentors=dict(
        hrnet_w48=dict(
            cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
            'td-hm_hrnet-w48_8xb32-210e_coco-256x192.py',
            pretrained=True,
        ),
    ),
    distiller=_base_.distiller,
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmrazor.ClassroomHook')]
