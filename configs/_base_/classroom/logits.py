# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A classroom of classifiers. The logits_… bases add dataset and runtime.
_base_ = './settings.py'
model = dict(
    _scope_='mmrazor',
    type='ClassroomDistill',
    distiller=dict(
        type='ClassroomDistiller',
        scorer=dict(type='ClassificationScorer'),
        knowledge_filter=dict(type='KnowledgeFilter', level='sample'),
        mentoring=dict(type='Mentoring', tau_max=12),
        task_weight='student_score',
        distill_losses=dict(loss_classroom=dict(type='ClassroomKDLoss')),
    ),
)
custom_hooks = [
    dict(type='mmrazor.ChannelsLastHook'),
    dict(type='mmrazor.ClassroomHook'),
]
