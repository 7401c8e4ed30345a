# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Classical distillation of pose models (squared error) with the same mentors.
_base_ = '../../_base_/classroom/mse_stick_figures.py'
model = dict(
    architecture=dict(
        cfg_path=f'{_base_.pretrain}/td-hm_res18-w8_1xb16-6e_stick-figures-64x48.py'
    ),
    mentors=_base_.mentors,
    distiller=dict(distill_losses=dict(loss_mse=dict(loss_weight=0.5))),
)
# The best learning rate of the student alone.
optim_wrapper = dict(optimizer=dict(lr=5e-3))
