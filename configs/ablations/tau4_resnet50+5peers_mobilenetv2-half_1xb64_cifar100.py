# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The filter is on; all temperatures are 4.
_base_ = (
    '../classroomkd/cifar100/'
    'classroomkd_resnet50+5peers_mobilenetv2-half_1xb64_cifar100.py'
)
model = dict(distiller=dict(mentoring=dict(mentoring=4.0)))
