# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A narrow ResNet-18 learns from two wide ones to find the joints of drawn people.
# First train the mentors, with pretrain/stick_figures/td-hm_res18-w48_… and -w32_…
_base_ = [
    '../../_base_/classroom/heatmaps_stick_figures.py',
    '../../_base_/datasets/stick_figures.py',
    '../../_base_/schedules/stick_figures_adam_6e.py',
]
pretrain = '{{ fileDirname }}/../../pretrain/stick_figures'
suffix = '1xb16-6e_stick-figures-64x48'
model = dict(
    _scope_='mmrazor',
    type='ClassroomDistill',
    architecture=dict(cfg_path=f'{pretrain}/td-hm_res18-w8_{suffix}.py'),
    mentors={
        name: dict(
            cfg_path=f'{pretrain}/td-hm_{name}_{suffix}.py',
            ckpt=f'work_dirs/td-hm_{name}_{suffix}/epoch_6.pth',
        )
        for name in ('res18-w48', 'res18-w32')
    },
    distiller=_base_.distiller,
)
custom_hooks = [*_base_.custom_hooks, dict(type='mmrazor.ClassroomHook', interval=20)]
# The rate with which the student does best alone.
optim_wrapper = dict(optimizer=dict(lr=5e-3))
