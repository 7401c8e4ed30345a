# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The best mentor teaches an assistant, which then teaches the student.
_base_ = './_base_/every_mentor.py'
title = 'TAKD, one assistant, τ = 4'
source = 'arXiv 1902.03393'
live = True
mentors = dict(
    assistant=dict(
        cfg_path='{work_dirs.assistant}/student.py', ckpt='{stages.assistant}'
    )
)
distiller = dict(distill_losses=dict(loss_classroom=dict(loss_weight=1.0)))
stages = dict(
    assistant=dict(
        mentors='best',
        distiller=dict(
            _base_.distiller,
            distill_losses=dict(loss_classroom=dict(type='ClassroomKDLoss')),
        ),
        model=dict(architecture='{assistant}'),
    )
)
