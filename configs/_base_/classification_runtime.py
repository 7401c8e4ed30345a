# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Runtime of all runs on CIFAR and ImageNet.
_base_ = ['mmpretrain::_base_/default_runtime.py']
custom_imports = dict(imports=['classroomkd_mm.models.backbones'])
default_hooks = dict(checkpoint=dict(interval=10, max_keep_ckpts=1))
env_cfg = dict(cudnn_benchmark=True)
