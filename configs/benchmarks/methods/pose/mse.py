# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Squared error between heatmaps; the weights of the mentors sum to 1.
title = 'MSE between heatmaps, average of the mentors'
source = 'arXiv 1811.05419 (FPD), for several mentors'
kind = 'baseline'
distiller = dict(
    knowledge_filter=dict(filtering=False),
    distill_losses=dict(
        _delete_=True,
        loss_heatmap=dict(type='HeatmapMSELoss', loss_weight='{share}'),
    ),
)
