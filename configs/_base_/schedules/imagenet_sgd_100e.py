# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# MMPretrain's schedule of 100 epochs, with the paper's batch size.
_base_ = ['mmpretrain::_base_/schedules/imagenet_bs256.py']
auto_scale_lr = dict(base_batch_size=512)
