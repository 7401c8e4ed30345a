# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# How pose models with SimCC vectors are scored and taught. A recipe hands it to its
# model: distiller=_base_.distiller.
distiller = dict(
    type='ClassroomDistiller',
    scorer=dict(type='SimCCScorer', sigmas='coco'),
    knowledge_filter=dict(type='KnowledgeFilter', level='sample'),
    mentoring=dict(type='Mentoring', tau_max=4),
    task_weight='constant',
    # MMPose calls the `forward` of a head, past the hooks of a recorder on it.
    student_recorders=dict(
        simcc_x=dict(type='ModuleOutputs', source='head.cls_x'),
        simcc_y=dict(type='ModuleOutputs', source='head.cls_y'),
    ),
    output=('simcc_x', 'simcc_y'),
    distill_losses=dict(
        # The sharpness is the `beta` of RTMPose's own loss.
        loss_simcc=dict(type='SimCCKDLoss', sharpness=10, loss_weight=0.1)
    ),
)
