# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Linear decay from 0.05 in epoch 0 to 0.01 in epoch 120, then x0.1 every 30 epochs.
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4)
)
param_scheduler = [
    # MMEngine reaches end_factor in the epoch before `end`.
    dict(type='LinearLR', start_factor=1.0, end_factor=0.2, end=121),
    dict(type='MultiStepLR', milestones=[150, 180, 210], gamma=0.1),
]
train_cfg = dict(by_epoch=True, max_epochs=240, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=64)
