# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MobileNetV2 learns from two HRNets and a ResNet-50.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_mobilenetv2_8xb64-210e_coco-256x192.py',
    '../../_base_/classroom/heatmaps_coco_hrnets-res50.py',
]
custom_imports = dict(imports=['classroomkd_mm'])

model = dict(
    _delete_=True,
    _scope_='mmrazor',
    type='ClassroomDistill',
    architecture=dict(
        cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
        'td-hm_mobilenetv2_8xb64-210e_coco-256x192.py',
    ),
    mentors=_base_.mentors,
    distiller=_base_.distiller,
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmrazor.ClassroomHook')]
