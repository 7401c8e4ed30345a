# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Distiller for pose models with heatmaps. The heatmaps_… bases add the scorer's
# sigmas, the dataset, the schedule and the runtime.
#
# It is the average of the mentors, but who stays far behind is doubted. On real people
# the average is ahead of the paper's filter and pace (docs/results/lsp.md), which are
# in settings_pose.py.
_base_ = './settings_pose.py'
distiller = dict(
    type='ClassroomDistiller',
    knowledge_filter=_base_.trust,
    mentoring=dict(type='Mentoring', mentoring='off', tau_max=4),
    task_weight='constant',
    # MMPose calls the head's `forward` directly, which bypasses a recorder's hook on
    # the head.
    student_recorders=dict(
        heatmaps=dict(type='ModuleOutputs', source='head.final_layer')
    ),
    distill_losses=dict(
        # The task loss is a mean over the cells of a map, KL is a sum: 8 / (64 * 48).
        # This factor and the sharpness were tuned on the stick figures (see
        # docs/results/earlier.md), but not on COCO.
        loss_heatmap=dict(type='HeatmapKDLoss', sharpness=10, loss_weight=2.5e-3)
    ),
)
