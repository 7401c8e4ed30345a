# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The small student in a classroom of three mentors, on 100 labelled digits.
_base_ = [
    '../../_base_/datasets/digits.py',
    '../../_base_/schedules/digits_adamw_240e.py',
    '../../_base_/digits_runtime.py',
]
pretrain = '{{ fileDirname }}/../../pretrain/digits'
weights = '{{ fileDirname }}/mentors'
model = dict(
    _scope_='mmrazor',
    type='ClassroomDistill',
    architecture=dict(cfg_path=f'{pretrain}/resnet8-w4_1xb20_digits.py'),
    mentors={
        'resnet14-w20': dict(
            cfg_path=f'{pretrain}/resnet14-w20_1xb20_digits.py',
            ckpt=f'{weights}/resnet14-w20.pth',
        ),
        'resnet8-w8': dict(
            cfg_path=f'{pretrain}/resnet8-w8_1xb20_digits.py',
            ckpt=f'{weights}/resnet8-w8.pth',
        ),
        'resnet8-w3': dict(
            cfg_path=f'{pretrain}/resnet8-w3_1xb20_digits.py',
            ckpt=f'{weights}/resnet8-w3.pth',
        ),
    },
)
custom_hooks = [dict(type='mmrazor.ClassroomHook', interval=5)]
# The rate with which the student does best alone.
optim_wrapper = dict(optimizer=dict(lr=0.01))
