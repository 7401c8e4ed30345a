# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    './heatmaps.py',
    '../mentors/stick_figures.py',
    '../datasets/stick_figures.py',
    '../schedules/stick_figures_adam_6e.py',
]
custom_imports = dict(
    imports=[
        'classroomkd_mm.models',
        'classroomkd_mm.datasets.stick_figures',
        'classroomkd_mm.engine',
    ]
)
model = dict(
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
    dict(type='mmrazor.ClassroomHook', interval=20),
]
