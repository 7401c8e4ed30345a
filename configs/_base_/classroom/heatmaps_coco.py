# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Recipes select from `mentors`.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res50_8xb64-210e_coco-256x192.py',
    './heatmaps.py',
    '../mentors/coco.py',
]
custom_imports = dict(imports=['classroomkd_mm.models', 'classroomkd_mm.engine'])
# Replaces MMPose's model with a classroom.
model = dict(
    _delete_=True,
    _scope_='mmrazor',
    type='ClassroomDistill',
    distiller=dict(
        _base_.distiller,
        scorer=dict(type='HeatmapScorer', score='oks', sigmas='coco'),
    ),
)
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='mmrazor.ChannelsLastHook'),
    dict(type='mmrazor.ClassroomHook'),
]
