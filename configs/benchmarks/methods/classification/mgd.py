# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/connected_preds.py'
title = 'MGD, best mentor'
source = 'arXiv 2205.01529'
distiller = dict(
    connectors=dict(
        student=dict(
            _delete_=True,
            type='MGDConnector',
            student_channels='{features.student.channels}',
            teacher_channels='{features.mentor.channels}',
        )
    ),
    distill_losses=dict(loss_features=dict(type='MGDLoss', alpha_mgd=7e-5)),
)
