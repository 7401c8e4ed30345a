# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Runtime of all runs on the digits, which are small enough for a CPU.
_base_ = ['mmpretrain::_base_/default_runtime.py']
custom_imports = dict(
    imports=['classroomkd_mm.models.backbones', 'classroomkd_mm.datasets.digits']
)
default_hooks = dict(
    logger=dict(interval=5), checkpoint=dict(interval=20, max_keep_ckpts=1)
)
randomness = dict(seed=0)
