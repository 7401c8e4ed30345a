# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A mentor of the demo: eight epochs on the training images that the student never sees.
_base_ = [
    '../../../_base_/models/digits/resnet8-w8.py',
    '../../../_base_/datasets/digits.py',
    '../../../_base_/schedules/digits_adamw_80e.py',
    '../../../_base_/digits_runtime.py',
]
model = dict(backbone=dict(base_channels=14), head=dict(in_channels=56))
train_dataloader = dict(
    batch_size=40, dataset=dict(images_per_class=None, skip_per_class=5)
)
param_scheduler = dict(T_max=8)
train_cfg = dict(max_epochs=8)
