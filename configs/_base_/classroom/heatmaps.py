# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The distiller of pose models with heatmaps. The bases heatmaps_… add the scorer's
# sigmas, data, schedule and runtime.
distiller = dict(
    type='ClassroomDistiller',
    knowledge_filter=dict(type='KnowledgeFilter', level='sample'),
    mentoring=dict(type='Mentoring', tau_max=4),
    task_weight='constant',
    # MMPose calls the head's `forward` directly, which skips the hook of a recorder on
    # the head.
    student_recorders=dict(
        heatmaps=dict(type='ModuleOutputs', source='head.final_layer')
    ),
    distill_losses=dict(
        # The task loss is a mean over the cells of a map, a KL is a sum: 8 / (64 * 48).
        # This factor and the sharpness did best on the stick figures, see
        # docs/benchmark.md; neither was tried on COCO.
        loss_heatmap=dict(type='HeatmapKDLoss', sharpness=10, loss_weight=2.5e-3)
    ),
)
