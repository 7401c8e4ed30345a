# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/features.py'
title = 'OFD, best mentor'
source = 'arXiv 1904.01866'
distiller = dict(
    connectors=dict(
        student=dict(
            type='ConvModuleConnector',
            in_channel='{features.student.channels}',
            out_channel='{features.mentor.channels}',
            norm_cfg=dict(type='BN'),
            act_cfg=None,
        ),
    ),
    distill_losses=dict(loss_features=dict(type='OFDLoss')),
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
