# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/features.py'
title = 'MGD, best mentor'
source = 'arXiv 2205.01529'
distiller = dict(
    connectors=dict(
        student=dict(
            type='MGDConnector',
            student_channels='{features.student.channels}',
            teacher_channels='{features.mentor.channels}',
        ),
    ),
    distill_losses=dict(loss_features=dict(type='MGDLoss', alpha_mgd=7e-5)),
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
