# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/features.py'
title = 'AT, best mentor'
source = 'arXiv 1612.03928'
distiller = dict(
    distill_losses=dict(loss_features=dict(type='ATLoss', loss_weight=1000)),
    loss_forward_mappings=dict(
        loss_features=dict(
            s_feature=dict(
                recorder='features',
                from_student=True,
                data_idx='{features.student.index}',
            ),
            t_feature=dict(
                recorder='features',
                from_student=False,
                mentor='{best}',
                data_idx='{features.mentor.index}',
            ),
        )
    ),
)
