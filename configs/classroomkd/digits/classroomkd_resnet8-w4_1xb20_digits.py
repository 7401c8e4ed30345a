# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A small student learns from three mentors, on 100 labelled digits.
_base_ = [
    '../../_base_/classroom/logits_digits.py',
    '../../_base_/schedules/digits_adamw_240e.py',
]
pretrain = '{{ fileDirname }}/../../pretrain/digits'
weights = '{{ fileDirname }}/mentors'
model = dict(
    architecture=dict(cfg_path=f'{pretrain}/resnet8-w4_1xb20_digits.py'),
    mentors={
        name: dict(
            cfg_path=f'{pretrain}/{name}_1xb20_digits.py',
            ckpt=f'{weights}/{name}.pth',
        )
        for name in ['resnet14-w20', 'resnet8-w8', 'resnet8-w3']
    },
)
# The best learning rate of the student alone.
optim_wrapper = dict(optimizer=dict(lr=0.01))
