# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# First only the boundaries of the activations, without the labels; then KD.
_base_ = './kd.py'
title = 'AB, then KD, best mentor'
source = 'arXiv 1811.03233'
start = '{stages.boundaries}'
stages = dict(
    boundaries=dict(
        mentors='best',
        live=True,
        model=dict(
            architecture=dict(
                head=dict(loss=dict(type='CrossEntropyLoss', loss_weight=0.0))
            )
        ),
        distiller=dict(
            output=('logits',),
            student_recorders=dict(
                logits=dict(type='ClassifierLogits', source='head'),
                features=dict(type='ModuleOutputs', source='{features.student.source}'),
            ),
            mentor_recorders={
                '{best}': dict(
                    features=dict(
                        type='{features.mentor.recorder}',
                        source='{features.mentor.source}',
                    )
                )
            },
            connectors=dict(
                student=dict(
                    type='ConvModuleConnector',
                    in_channel='{features.student.channels}',
                    out_channel='{features.mentor.channels}',
                    norm_cfg=dict(type='BN'),
                    act_cfg=None,
                )
            ),
            distill_losses=dict(loss_boundaries=dict(type='ABLoss')),
            loss_forward_mappings=dict(
                loss_boundaries=dict(
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
        ),
    )
)
