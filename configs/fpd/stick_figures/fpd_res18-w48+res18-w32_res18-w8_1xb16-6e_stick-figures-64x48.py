# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classical distillation of pose models with the same mentors: squared error.
_base_ = '../../_base_/classroom/mse_stick_figures.py'
model = dict(
    architecture=dict(
        cfg_path=f'{_base_.pretrain}/td-hm_res18-w8_1xb16-6e_stick-figures-64x48.py'
    ),
    mentors=_base_.mentors,
    distiller=dict(distill_losses=dict(loss_mse=dict(loss_weight=0.5))),
)
# The rate with which the student does best alone.
optim_wrapper = dict(optimizer=dict(lr=5e-3))
