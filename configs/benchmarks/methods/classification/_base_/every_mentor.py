# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Every mentor teaches every sample at τ = 4; the weights of a sample sum to 1.
kind = 'baseline'
distiller = dict(
    knowledge_filter=dict(type='KnowledgeFilter', filtering=False),
    mentoring=dict(type='Mentoring', mentoring=4.0),
    distill_losses=dict(
        loss_classroom=dict(type='ClassroomKDLoss', loss_weight='{share}')
    ),
)
