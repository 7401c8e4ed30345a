# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A classroom of classifiers. The logits_… bases add dataset and runtime.
#
# It is the average of the mentors at a fixed temperature, but who stays far behind is
# doubted. For another loss, and for the paper's filter and pace, see settings.py.
_base_ = './settings.py'
model = dict(
    _scope_='mmrazor',
    type='ClassroomDistill',
    distiller=dict(
        type='ClassroomDistiller',
        scorer=dict(type='ClassificationScorer'),
        knowledge_filter=dict(type='TrustFilter'),
        mentoring=dict(type='Mentoring', mentoring=4.0, tau_max=12),
        task_weight='constant',
        distill_losses=dict(loss_classroom=dict(type='ClassroomKDLoss')),
    ),
)
custom_hooks = [
    dict(type='mmrazor.ChannelsLastHook'),
    dict(type='mmrazor.ClassroomHook'),
]
