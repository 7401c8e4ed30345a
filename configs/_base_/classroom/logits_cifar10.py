# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    './logits.py',
    '../datasets/cifar10_bs64.py',
    '../classification_runtime.py',
]
custom_imports = dict(
    imports=[
        'classroomkd_mm.models',
        'classroomkd_mm.models.backbones',
        'classroomkd_mm.engine',
    ]
)
