# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# One of MMRazor's losses between the logits of the student and of the best mentor.
kind = 'baseline'
mentors = 'best'
distiller = dict(
    output=('logits',),
    student_recorders=dict(
        logits=dict(type='ClassifierLogits', source='head'),
        labels=dict(type='ModuleInputs', source='head.loss_module'),
    ),
)
