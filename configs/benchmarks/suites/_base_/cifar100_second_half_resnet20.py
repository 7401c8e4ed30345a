# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A ResNet20 for half of the classes: the files are in the order of the classes.
_base_ = [
    '../../../_base_/models/cifar/resnet20.py',
    './cifar100_folders.py',
    './sgd_12e.py',
    './cpu_runtime.py',
]
model = dict(head=dict(topk=(1,)))
train_dataloader = dict(dataset=dict(fold=1, seed=None))
