# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Recipes select from `mentors`; `peers` has the lists that several recipes share.
_base_ = [
    './logits.py',
    '../mentors/cifar100.py',
    '../datasets/cifar100_bs64.py',
    '../classification_runtime.py',
]
custom_imports = dict(
    imports=[
        'classroomkd_mm.models',
        'classroomkd_mm.models.backbones',
        'classroomkd_mm.engine',
    ]
)
