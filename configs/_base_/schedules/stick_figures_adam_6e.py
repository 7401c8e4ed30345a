# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The short schedule of all runs on stick figures, for a CPU.
_base_ = ['mmpose::_base_/default_runtime.py']
custom_imports = dict(imports=['classroomkd_mm.datasets.stick_figures'])
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=1, max_keep_ckpts=1)
)
randomness = dict(seed=0)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=3e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=50, by_epoch=False),
    dict(type='CosineAnnealingLR', T_max=6, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=6, val_interval=6)
auto_scale_lr = dict(base_batch_size=16)
