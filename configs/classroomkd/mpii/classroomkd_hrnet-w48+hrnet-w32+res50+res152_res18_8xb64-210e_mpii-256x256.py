# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# SimpleBaseline with ResNet-18 learns from two HRNets and two larger ResNets.
_base_ = '../../_base_/classroom/heatmaps_mpii.py'
model = dict(
    architecture=dict(
        cfg_path='{{ fileDirname }}/../../pretrain/mpii/'
        'td-hm_res18_8xb64-210e_mpii-256x256.py',
    ),
    mentors={name: _base_.mentors[name] for name in [*_base_.hrnets_res50, 'res152']},
)
