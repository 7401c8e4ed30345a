# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classical distillation of pose models: squared error between heatmaps, from
# every mentor on every sample.
_base_ = 'heatmaps.py'
distiller = dict(
    knowledge_filter=dict(enabled=False),
    distill_losses=dict(_delete_=True, loss_mse=dict(type='HeatmapMSELoss')),
)
