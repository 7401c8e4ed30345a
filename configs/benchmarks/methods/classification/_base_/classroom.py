# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom with all mentors.
kind = 'ours'
distiller = dict(
    knowledge_filter=dict(type='KnowledgeFilter', level='sample'),
    mentoring=dict(type='Mentoring', tau_max=12),
    task_weight='constant',
    distill_losses=dict(loss_classroom=dict(type='ClassroomKDLoss')),
)
