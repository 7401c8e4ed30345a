# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Classical distillation of pose models: squared error between heatmaps. Every mentor
# teaches every sample.
_base_ = './heatmaps_stick_figures.py'
model = dict(
    distiller=dict(
        knowledge_filter=dict(_delete_=True, type='KnowledgeFilter', filtering=False),
        distill_losses=dict(_delete_=True, loss_mse=dict(type='HeatmapMSELoss')),
    )
)
