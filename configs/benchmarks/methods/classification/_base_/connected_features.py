# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The losses whose arguments are s_feature and t_feature, behind a connector. Without
# its BN, the training of FitNets diverges in `cifar100`.
_base_ = './features.py'
distiller = dict(
    connectors=dict(
        student=dict(
            type='ConvModuleConnector',
            in_channel='{features.student.channels}',
            out_channel='{features.mentor.channels}',
            norm_cfg=dict(type='BN'),
            act_cfg=None,
        )
    ),
    loss_forward_mappings=dict(loss_features=dict(s_feature=dict(connector='student'))),
)
