# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Beside the outputs, the features that the classifiers of the mentors pool. Each mentor
# has a connector, and weighs more the better its classifier knows what comes out of it.
_base_ = './camkd.py'
title = 'CA-MKD with features, τ = 4'
source = 'arXiv 2201.00007; docs/method.md, "The feature term of CA-MKD"'
live = True
distiller = dict(
    output=('logits',),
    student_recorders=dict(
        logits=dict(type='ClassifierLogits', source='head'),
        features=dict(type='ModuleOutputs', source='{features.student.source}'),
    ),
    mentor_recorders={
        '{each.name}': dict(
            features=dict(type='{each.recorder}', source='{each.source}')
        )
    },
    connectors={
        'to_{each.name}': dict(
            type='ConvModuleConnector',
            in_channel='{features.student.channels}',
            out_channel='{each.channels}',
            norm_cfg=dict(type='BN'),
        )
    },
    # 50, of weights that sum to 1 on a sample.
    distill_losses=dict(
        loss_features=dict(
            type='ConfidentFeatureLoss',
            classifier='{features.mentor.classifier}',
            loss_weight='{share} * 50',
        )
    ),
    loss_forward_mappings=dict(
        loss_features=dict(
            s_feature=dict(
                recorder='features',
                from_student=True,
                data_idx='{features.student.index}',
                connector='to_{mentor}',
            ),
            t_feature=dict(recorder='features', from_student=False, data_idx=0),
        )
    ),
)
