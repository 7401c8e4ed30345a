# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# One of MMRazor's losses between the pooled features of the student and of the best
# mentor.
kind = 'baseline'
mentors = 'best'
live = True
distiller = dict(
    output=('logits',),
    student_recorders=dict(
        logits=dict(type='ClassifierLogits', source='head'),
        pooled=dict(type='ModuleInputs', source='head.fc'),
    ),
    mentor_recorders={
        '{best}': dict(
            pooled=dict(type='ModuleInputs', source='{features.mentor.classifier}')
        )
    },
)
