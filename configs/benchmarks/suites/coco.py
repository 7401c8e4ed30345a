# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# SimpleBaseline with ResNet-18 learns COCO from two HRNets and two larger ResNets. For
# GPUs.
_base_ = [
    '../../pretrain/coco/td-hm_res18_8xb64-210e_coco-256x192.py',
    '../../_base_/classroom/heatmaps.py',
    '../../_base_/mentors/coco.py',
]
benchmark = dict(
    title='COCO: ResNet-18 from HRNet-W48, HRNet-W32, ResNet-152 and ResNet-50',
    task='pose',
    mentors={
        name: _base_.mentors[name]
        for name in ['hrnet-w48', 'hrnet-w32', 'res152', 'res50']
    },
    distiller=dict(
        _base_.distiller,
        scorer=dict(type='HeatmapScorer', score='oks', sigmas='coco'),
    ),
    metrics={
        'coco/AP': dict(title='AP', factor=100),
        'coco/AR': dict(title='AR', factor=100),
    },
    seeds=(0,),
    needs={
        'data/coco/annotations': 'put COCO there, or a link to it, as MMPose '
        'describes it.'
    },
)
