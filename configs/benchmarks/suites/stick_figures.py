# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A narrow ResNet-18 learns the keypoints of drawn people from two wide ones.
_base_ = [
    '../../_base_/models/stick_figures/res18-w8.py',
    '../../_base_/datasets/stick_figures.py',
    '../../_base_/schedules/stick_figures_adam_6e.py',
    './_base_/heatmaps.py',
]
# The best learning rate of the student alone.
optim_wrapper = dict(optimizer=dict(lr=5e-3))
_base_.distiller.distill_losses.loss_heatmap.loss_weight = 0.01
benchmark = dict(
    title='Drawn people: 3,000 images, two mentors',
    task='pose',
    mentors={
        name: dict(pretrain=f'td-hm_{name}_1xb16-6e_stick-figures-64x48.py')
        for name in ['res18-w48', 'res18-w32']
    },
    distiller=dict(
        _base_.distiller,
        scorer=dict(type='HeatmapScorer', score='oks', sigmas='coco'),
    ),
    metrics={
        'PCK': dict(title='PCK at 5 % of the box, %', factor=100),
        'coco/AP': dict(title='AP', factor=100),
    },
)
