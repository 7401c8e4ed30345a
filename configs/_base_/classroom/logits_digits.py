# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    './logits.py',
    '../datasets/digits.py',
    '../digits_runtime.py',
]
custom_imports = dict(
    imports=[
        'classroomkd_mm.models',
        'classroomkd_mm.models.backbones',
        'classroomkd_mm.datasets.digits',
        'classroomkd_mm.engine',
    ]
)
# An epoch has five iterations.
custom_hooks = [
    dict(type='mmrazor.ChannelsLastHook'),
    dict(type='mmrazor.ClassroomHook', interval=5),
]
