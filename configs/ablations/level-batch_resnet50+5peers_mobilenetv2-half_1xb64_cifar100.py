# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# One score, rank and temperature per batch, as in the authors' released code.
_base_ = (
    '../classroomkd/cifar100/'
    'classroomkd_resnet50+5peers_mobilenetv2-half_1xb64_cifar100.py'
)
model = dict(distiller=dict(knowledge_filter=dict(level='batch', rank_decimals=2)))
