# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Pose models with SimCC vectors on COCO, taught as in heatmaps.py. Recipes select from
# `mentors`.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py',
    './settings_pose.py',
    '../mentors/coco.py',
]
custom_imports = dict(imports=['classroomkd_mm.models', 'classroomkd_mm.engine'])
# Replaces MMPose's model with a classroom.
model = dict(
    _delete_=True,
    _scope_='mmrazor',
    type='ClassroomDistill',
    distiller=dict(
        type='ClassroomDistiller',
        scorer=dict(type='SimCCScorer', sigmas='coco'),
        knowledge_filter=_base_.trust,
        mentoring=dict(type='Mentoring', mentoring='off', tau_max=4),
        task_weight='constant',
        # MMPose calls the head's `forward` directly, which bypasses a recorder's hook
        # on the head.
        student_recorders=dict(
            simcc_x=dict(type='ModuleOutputs', source='head.cls_x'),
            simcc_y=dict(type='ModuleOutputs', source='head.cls_y'),
        ),
        output=('simcc_x', 'simcc_y'),
        distill_losses=dict(
            # The sharpness equals `beta` of RTMPose's loss.
            loss_simcc=dict(type='SimCCKDLoss', sharpness=10, loss_weight=0.1)
        ),
    ),
)
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='mmrazor.ChannelsLastHook'),
    dict(type='mmrazor.ClassroomHook'),
]
