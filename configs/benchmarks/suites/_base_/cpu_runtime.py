# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Runtime of comparisons that are small enough for a CPU.
_base_ = ['mmpretrain::_base_/default_runtime.py']
custom_imports = dict(imports=['classroomkd_mm.models.backbones'])
default_hooks = dict(
    logger=dict(interval=50), checkpoint=dict(interval=1, max_keep_ckpts=1)
)
custom_hooks = [dict(type='mmrazor.ChannelsLastHook')]
