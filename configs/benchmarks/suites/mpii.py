# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# SimpleBaseline with ResNet-18 learns MPII from two HRNets and two larger ResNets. For
# GPUs.
_base_ = [
    '../../pretrain/mpii/td-hm_res18_8xb64-210e_mpii-256x256.py',
    './_base_/heatmaps.py',
    '../../_base_/mentors/mpii.py',
]
benchmark = dict(
    title='MPII: ResNet-18 from HRNet-W48, HRNet-W32, ResNet-152 and ResNet-50',
    task='pose',
    mentors={
        name: _base_.mentors[name]
        for name in ['hrnet-w48', 'hrnet-w32', 'res152', 'res50']
    },
    distiller=dict(
        _base_.distiller,
        scorer=dict(type='HeatmapScorer', score='oks', sigmas='mpii'),
    ),
    metrics={'PCK': dict(title='PCKh'), 'PCK@0.1': dict(title='PCKh at 0.1')},
    seeds=(0,),
    needs={
        f'data/mpii/{path}': 'put MPII into data/mpii, or a link to it, as MMPose '
        'describes it.'
        for path in [
            'annotations/mpii_train.json',
            'annotations/mpii_val.json',
            'annotations/mpii_gt_val.mat',
            'images',
        ]
    },
    literature="""
PCKh on the validation set, 256 x 256, without a classroom (MMPose 1.3.2):

| network | PCKh | PCKh at 0.1 |
|---|---|---|
| ResNet-50 | 88.2 | 28.6 |
| ResNet-152 | 88.9 | 30.3 |
| HRNet-W32 | 90.0 | 33.4 |
| HRNet-W48 | 90.1 | 33.7 |

These are the mentors; MMPose has no ResNet-18 on MPII. The 92.3 of HRNet-W32 in its
paper (arXiv 1902.09212) are on the test set.
""",
)
