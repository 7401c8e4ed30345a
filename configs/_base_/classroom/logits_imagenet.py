# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Recipes select from `mentors`.
_base_ = [
    './logits.py',
    '../mentors/imagenet.py',
    'mmpretrain::_base_/datasets/imagenet_bs64.py',
    '../classification_runtime.py',
]
custom_imports = dict(imports=['classroomkd_mm.models', 'classroomkd_mm.engine'])
