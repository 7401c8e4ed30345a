# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# One of MMRazor's losses between the logits of the student and of the best mentor.
kind = 'baseline'
mentors = 'best'
distiller = dict(
    student_recorders=dict(
        logits=dict(type='ModuleOutputs', source='head.fc'),
        labels=dict(type='ModuleInputs', source='head.loss_module'),
    ),
)
