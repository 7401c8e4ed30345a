# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/features.py'
title = 'FitNets, best mentor'
source = 'arXiv 1412.6550'
distiller = dict(
    connectors=dict(
        student=dict(
            type='ConvModuleConnector',
            in_channel='{features.student.channels}',
            out_channel='{features.mentor.channels}',
            act_cfg=None,
        ),
    ),
    distill_losses=dict(
        loss_features=dict(
            type='L2Loss', normalize=False, div_element=True, loss_weight=100
        )
    ),
    loss_forward_mappings=dict(
        loss_features=dict(
            s_feature=dict(
                recorder='features',
                from_student=True,
                data_idx='{features.student.index}',
                connector='student',
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
