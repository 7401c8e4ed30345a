# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Every mentor teaches every sample; the mean of their divergences.
title = 'average of the mentors, τ = 4'
source = 'arXiv 1503.02531, section 1, for an ensemble'
kind = 'baseline'
distiller = dict(
    knowledge_filter=dict(type='KnowledgeFilter', filtering=False),
    mentoring=dict(type='Mentoring', mentoring=4.0),
    distill_losses=dict(
        loss_classroom=dict(type='ClassroomKDLoss', loss_weight='{share}')
    ),
)
