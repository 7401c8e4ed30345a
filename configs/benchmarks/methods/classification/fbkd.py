# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# FBKD's connectors keep the number of channels, so a convolution of 1 x 1 comes before
# the student's. Weights are those of MMRazor, for detectors.
_base_ = './_base_/features.py'
title = 'FBKD, best mentor'
source = (
    '"Improve Object Detection with Feature-based Knowledge Distillation", ICLR 2021'
)
distiller = dict(
    connectors=dict(
        student=[
            dict(
                type='ConvModuleConnector',
                in_channel='{features.student.channels}',
                out_channel='{features.mentor.channels}',
                act_cfg=None,
            ),
            dict(type='FBKDStudentConnector', in_channels='{features.mentor.channels}'),
        ],
        mentor=dict(
            type='FBKDTeacherConnector', in_channels='{features.mentor.channels}'
        ),
    ),
    distill_losses=dict(loss_features=dict(type='FBKDLoss')),
    loss_forward_mappings=dict(
        loss_features=dict(
            _delete_=True,
            s_input=dict(
                _base_.distiller.loss_forward_mappings.loss_features.s_feature,
                connector='student',
            ),
            t_input=dict(
                _base_.distiller.loss_forward_mappings.loss_features.t_feature,
                connector='mentor',
            ),
        )
    ),
)
