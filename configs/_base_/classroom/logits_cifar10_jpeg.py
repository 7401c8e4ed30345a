# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    './logits.py',
    '../datasets/cifar10_jpeg.py',
    '../cifar10_jpeg_runtime.py',
]
custom_imports = dict(
    imports=[
        'classroomkd_mm.models',
        'classroomkd_mm.models.backbones',
        'classroomkd_mm.engine',
    ]
)
custom_hooks = [dict(type='mmrazor.ClassroomHook', interval=20)]
