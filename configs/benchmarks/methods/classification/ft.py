# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# First the Paraphraser learns to reconstruct the features of the mentor from half as
# many channels, without the student. Then the student learns these channels.
_base_ = './_base_/connected_features.py'
title = 'FT, best mentor'
source = 'arXiv 1802.04977'
# Its student was frozen: it has the initial weights of the seed.
model = dict(init_cfg=dict(type='Pretrained', checkpoint='{stages.paraphraser}'))
distiller = dict(
    connectors=dict(
        student=dict(
            _delete_=True,
            type='Translator',
            in_channel='{features.student.channels}',
            out_channel='{features.mentor.channels} // 2',
        ),
        mentor=dict(
            type='Paraphraser',
            phase='train',
            in_channel='{features.mentor.channels}',
            out_channel='{features.mentor.channels} // 2',
        ),
    ),
    distill_losses=dict(loss_features=dict(type='FTLoss', loss_weight=200)),
    loss_forward_mappings=dict(loss_features=dict(t_feature=dict(connector='mentor'))),
)
stages = dict(
    paraphraser=dict(
        mentors='best',
        live=True,
        model=dict(student_trainable=False),
        distiller=dict(
            output=('logits',),
            student_recorders=dict(logits=dict(type='ClassifierLogits', source='head')),
            mentor_recorders=_base_.distiller.mentor_recorders,
            connectors=dict(
                mentor=dict(
                    type='Paraphraser',
                    phase='pretrain',
                    in_channel='{features.mentor.channels}',
                    out_channel='{features.mentor.channels} // 2',
                )
            ),
            distill_losses=dict(loss_paraphrase=dict(type='L2Loss')),
            loss_forward_mappings=dict(
                loss_paraphrase=dict(
                    s_feature=dict(
                        _base_.distiller.loss_forward_mappings.loss_features.t_feature,
                        connector='mentor',
                    ),
                    t_feature=(
                        _base_.distiller.loss_forward_mappings.loss_features.t_feature
                    ),
                )
            ),
        ),
    )
)
