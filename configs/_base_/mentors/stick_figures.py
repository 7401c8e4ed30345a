# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The wide networks of pretrain/stick_figures, with the weights from these runs.
pretrain = '{{ fileDirname }}/../../pretrain/stick_figures'
mentors = {
    name: dict(
        cfg_path=f'{pretrain}/td-hm_{name}_1xb16-6e_stick-figures-64x48.py',
        ckpt=f'work_dirs/td-hm_{name}_1xb16-6e_stick-figures-64x48/epoch_6.pth',
    )
    for name in ['res18-w48', 'res18-w32']
}
