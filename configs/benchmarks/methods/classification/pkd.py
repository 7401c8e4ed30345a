# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/features.py'
title = 'PKD, best mentor'
source = 'arXiv 2207.02039'
distiller = dict(
    connectors=dict(
        student=dict(
            type='ConvModuleConnector',
            in_channel='{features.student.channels}',
            out_channel='{features.mentor.channels}',
            act_cfg=None,
        ),
    ),
    distill_losses=dict(loss_features=dict(type='PKDLoss', loss_weight=6)),
    loss_forward_mappings=dict(
        loss_features=dict(
            preds_S=dict(
                recorder='features',
                from_student=True,
                data_idx='{features.student.index}',
                connector='student',
            ),
            preds_T=dict(
                recorder='features',
                from_student=False,
                mentor='{best}',
                data_idx='{features.mentor.index}',
            ),
        )
    ),
)
