# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The 14 joints of Leeds Sports Pose.
_base_ = './lsp_sigmas.py'
_names = [
    'right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle',
    'right_wrist', 'right_elbow', 'right_shoulder', 'left_shoulder', 'left_elbow',
    'left_wrist', 'neck', 'head_top',
]  # fmt: skip
_sides = dict(right='left', left='right')


def _swapped(name):
    side, _, joint = name.partition('_')
    return f'{_sides[side]}_{joint}' if side in _sides else ''


_bones = [(0, 1), (1, 2), (2, 8), (3, 4), (4, 5), (3, 9), (6, 7), (7, 8), (9, 10)]
_bones += [(10, 11), (12, 8), (12, 9), (12, 13)]
dataset_info = dict(
    dataset_name='lsp',
    keypoint_info={
        index: dict(
            name=name, id=index, color=[255, 128, 0], type='', swap=_swapped(name)
        )
        for index, name in enumerate(_names)
    },
    skeleton_info={
        index: dict(link=(_names[a], _names[b]), id=index, color=[0, 128, 255])
        for index, (a, b) in enumerate(_bones)
    },
    joint_weights=[1.0] * 14,
    sigmas=_base_.sigmas,
)
