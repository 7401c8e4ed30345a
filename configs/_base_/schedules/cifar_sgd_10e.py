# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A short schedule for a CPU.
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4)
)
param_scheduler = dict(
    type='CosineAnnealingLR', T_max=10, by_epoch=True, convert_to_iter_based=True
)
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=10)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=64)
