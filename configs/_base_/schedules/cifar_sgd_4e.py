# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './cifar_sgd_10e.py'
param_scheduler = dict(T_max=4)
train_cfg = dict(max_epochs=4, val_interval=4)
