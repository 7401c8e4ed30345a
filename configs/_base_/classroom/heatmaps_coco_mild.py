# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The milder augmentation that MMPose uses for its smallest networks.
_base_ = './heatmaps_coco.py'
train_pipeline = [
    dict(step, rotate_factor=60, scale_factor=(0.75, 1.25))
    if step.type == 'RandomBBoxTransform'
    else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
