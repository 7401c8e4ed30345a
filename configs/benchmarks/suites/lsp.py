# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Real people: a narrow ResNet-18 learns 14 joints on 7,000 crops of Leeds Sports Pose
# from two wide ones, which are trained first.
_base_ = [
    './_base_/lsp_student.py',
    './_base_/heatmaps.py',
    './_base_/lsp_sigmas.py',
]
recipes = '{{ fileDirname }}/_base_'
# As many cells as in the maps of the drawn people, times 2.25.
_base_.distiller.distill_losses.loss_heatmap.loss_weight = 0.005
benchmark = dict(
    title='Leeds Sports Pose: 7,000 people, two mentors, 10 epochs',
    task='pose',
    mentors={
        f'res18-w{width}': dict(pretrain=f'{recipes}/lsp_mentor_w{width}.py')
        for width in [48, 32]
    },
    distiller=dict(
        _base_.distiller,
        scorer=dict(type='HeatmapScorer', score='oks', sigmas=_base_.sigmas),
    ),
    views=dict(num_views=6),
    cache=True,
    metrics={'PCK': dict(title='PCK at 10 % of the box, %', factor=100)},
    needs={
        f'{_base_.data_root}/{split}.json': 'set LSP to the folder with train.json, '
        'val.json and the crops (docs/benchmark.md).'
        for split in ['train', 'val']
    },
)
