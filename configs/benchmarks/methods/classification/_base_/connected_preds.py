# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The losses whose arguments are preds_S and preds_T, behind a connector.
_base_ = './features.py'
distiller = dict(
    connectors=dict(
        student=dict(
            type='ConvModuleConnector',
            in_channel='{features.student.channels}',
            out_channel='{features.mentor.channels}',
            act_cfg=None,
        )
    ),
    loss_forward_mappings=dict(
        loss_features=dict(
            _delete_=True,
            preds_S=dict(
                _base_.distiller.loss_forward_mappings.loss_features.s_feature,
                connector='student',
            ),
            preds_T=_base_.distiller.loss_forward_mappings.loss_features.t_feature,
        )
    ),
)
