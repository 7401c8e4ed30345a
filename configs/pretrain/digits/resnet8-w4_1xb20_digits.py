# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    '../../_base_/models/digits/resnet8-w4.py',
    '../../_base_/datasets/digits.py',
    '../../_base_/schedules/digits_adamw_240e.py',
    '../../_base_/digits_runtime.py',
]
# The best learning rate of the student alone; the classroom uses the same.
optim_wrapper = dict(optimizer=dict(lr=0.01))
