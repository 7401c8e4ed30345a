# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    '../../_base_/models/stick_figures/res18-w8.py',
    '../../_base_/datasets/stick_figures.py',
    '../../_base_/schedules/stick_figures_adam_6e.py',
]
# The best learning rate of this network.
optim_wrapper = dict(optimizer=dict(lr=5e-3))
