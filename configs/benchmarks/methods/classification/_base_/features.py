# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# One of MMRazor's losses between the features that the classifiers of the student and
# of the best mentor pool, beside the loss of the labels.
kind = 'baseline'
mentors = 'best'
live = True
distiller = dict(
    output=('logits',),
    student_recorders=dict(
        logits=dict(type='ClassifierLogits', source='head'),
        features=dict(type='ModuleOutputs', source='{features.student.source}'),
    ),
    mentor_recorders={
        '{best}': dict(
            features=dict(
                type='{features.mentor.recorder}', source='{features.mentor.source}'
            )
        )
    },
    # Losses whose arguments have other names take these records under theirs.
    loss_forward_mappings=dict(
        loss_features=dict(
            s_feature=dict(
                recorder='features',
                from_student=True,
                data_idx='{features.student.index}',
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
