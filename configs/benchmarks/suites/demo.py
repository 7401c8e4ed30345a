# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The demo: a small network has 50 labelled digits of its own, its mentors were trained
# on the other training images. tools/demo.sh runs it.
_base_ = [
    '../../_base_/models/digits/resnet8-w8.py',
    '../../_base_/datasets/digits.py',
    '../../_base_/schedules/digits_adamw_240e.py',
    '../../_base_/digits_runtime.py',
    './_base_/classification.py',
]
recipes = '{{ fileDirname }}/_base_'
train_dataloader = dict(batch_size=25, dataset=dict(images_per_class=5))
optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = dict(T_max=150)
train_cfg = dict(max_epochs=150)
default_hooks = dict(checkpoint=dict(interval=50))
benchmark = dict(
    title='Digits: 50 images of its own, five mentors that saw the other 848',
    mentors={
        name: dict(pretrain=f'{recipes}/demo_mentor_{name}.py')
        for name in [
            'resnet14-w20',
            'resnet8-w14',
            'resnet8-w12',
            'resnet8-w10',
            'resnet8-w8',
        ]
    },
    views=dict(num_views=10),
    cache=True,
    methods=[
        'alone',
        'kd',
        'kd_z_n',
        'average_n',
        'camkd_n',
        'classroom',
        'classroom_trust',
    ],
)
