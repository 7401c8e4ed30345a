# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Fast Pose Distillation (arXiv 1811.05419), the classical baseline: squared error
# between the heatmaps of the student and of one mentor, which teaches every sample. The
# task loss and the mentor's loss have equal weight.
_base_ = '../../_base_/classroom/mse_coco.py'
model = dict(
    architecture=dict(
        cfg_path='{{ fileDirname }}/../../pretrain/coco/'
        'td-hm_res18_8xb64-210e_coco-256x192.py',
    ),
    mentors={name: _base_.mentors[name] for name in ['hrnet-w48']},
)
