# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# How pose models with heatmaps are scored and taught. A recipe hands it to its model:
# distiller=_base_.distiller.
distiller = dict(
    type='ClassroomDistiller',
    scorer=dict(type='HeatmapScorer', score='oks', sigmas='coco'),
    knowledge_filter=dict(type='KnowledgeFilter', level='sample'),
    mentoring=dict(type='Mentoring', tau_max=4),
    task_weight='constant',
    # MMPose calls the `forward` of a head, past the hooks of a recorder on it.
    student_recorders=dict(
        heatmaps=dict(type='ModuleOutputs', source='head.final_layer')
    ),
    distill_losses=dict(
        # The task loss is a mean over the cells of a map, a KL is a sum: 8 / (64 * 48).
        # That factor and the sharpness did best on the stick figures, see
        # docs/benchmark.md; neither was tried on COCO.
        loss_heatmap=dict(type='HeatmapKDLoss', sharpness=10, loss_weight=2.5e-3)
    ),
)
