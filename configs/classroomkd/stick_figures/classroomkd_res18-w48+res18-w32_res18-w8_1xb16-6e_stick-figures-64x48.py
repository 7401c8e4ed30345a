# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A narrow ResNet-18 learns the keypoints of stick figures from two wide ones. First
# train the mentors, with pretrain/stick_figures/td-hm_res18-w48_… and -w32_…
_base_ = '../../_base_/classroom/heatmaps_stick_figures.py'
model = dict(
    architecture=dict(
        cfg_path=f'{_base_.pretrain}/td-hm_res18-w8_1xb16-6e_stick-figures-64x48.py'
    ),
    mentors=_base_.mentors,
    distiller=dict(
        distill_losses=dict(
            # A quarter of the cells of COCO's maps, hence four times the weight.
            loss_heatmap=dict(loss_weight=0.01)
        )
    ),
)
# The best learning rate of the student alone.
optim_wrapper = dict(optimizer=dict(lr=5e-3))
