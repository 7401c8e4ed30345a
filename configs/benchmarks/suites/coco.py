# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# SimpleBaseline with ResNet-18 learns COCO from two HRNets and two larger ResNets. For
# GPUs.
_base_ = [
    '../../pretrain/coco/td-hm_res18_8xb64-210e_coco-256x192.py',
    './_base_/heatmaps.py',
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
        f'data/coco/{path}': 'put COCO into data/coco, or a link to it, as MMPose '
        'describes it.'
        for path in [
            'annotations/person_keypoints_train2017.json',
            'annotations/person_keypoints_val2017.json',
            'person_detection_results/COCO_val2017_detections_AP_H_56_person.json',
            'train2017',
            'val2017',
        ]
    },
    literature="""
AP on val2017, 256 x 192, without a classroom:

| network | its paper | MMPose 1.3.2 |
|---|---|---|
| ResNet-50 | 70.4 (arXiv 1804.06208) | 71.8 |
| ResNet-152 | 72.0 (arXiv 1804.06208) | 73.6 |
| HRNet-W32 | 74.4 (arXiv 1902.09212) | 74.6 |
| HRNet-W48 | 75.1 (arXiv 1902.09212) | 75.6 |

These are the mentors; MMPose has no ResNet-18 on COCO. All are with the flip test and
detected boxes, as here. DistilPose-S reaches 71.6 with 5.4 million parameters (arXiv
2303.02455), but regresses coordinates and has another network, so that it cannot be
compared with the table.
""",
)
