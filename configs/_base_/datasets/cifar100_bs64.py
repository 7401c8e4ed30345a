# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = ['mmpretrain::_base_/datasets/cifar100_bs16.py']
# For values from 0 to 255; the dataset gives RGB images.
data_preprocessor = dict(
    mean=[255 * value for value in (0.5071, 0.4867, 0.4408)],
    std=[255 * value for value in (0.2675, 0.2565, 0.2761)],
)
train_dataloader = dict(batch_size=64)
val_dataloader = dict(batch_size=256)
val_evaluator = dict(topk=(1, 5))
test_dataloader = dict(batch_size=256)
test_evaluator = val_evaluator
