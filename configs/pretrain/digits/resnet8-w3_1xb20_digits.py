# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = [
    '../../_base_/models/digits/resnet8-w3.py',
    '../../_base_/datasets/digits.py',
    '../../_base_/schedules/digits_adamw_80e.py',
    '../../_base_/digits_runtime.py',
]
