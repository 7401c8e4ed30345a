# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Every mentor teaches every sample with weight 1 and temperature 1.
_base_ = (
    '../classroomkd/cifar100/'
    'classroomkd_resnet50+5peers_mobilenetv2-half_1xb64_cifar100.py'
)
model = dict(
    distiller=dict(
        knowledge_filter=dict(filtering=False), mentoring=dict(mentoring='off')
    )
)
