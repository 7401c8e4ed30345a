# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.005, weight_decay=0.05))
param_scheduler = dict(type='CosineAnnealingLR', T_max=80)
train_cfg = dict(by_epoch=True, max_epochs=80, val_interval=20)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=20)
