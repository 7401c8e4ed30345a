# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Runtime of all benchmark runs, which are small enough for a CPU.
_base_ = ['mmpretrain::_base_/default_runtime.py']
custom_imports = dict(imports=['classroomkd_mm.models.backbones'])
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=1, max_keep_ckpts=1)
)
