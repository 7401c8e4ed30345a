# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classroom of `lsp`. The joints of one of the two mentors are shifted by one: what
# it says of the right knee is taken for the right ankle, and so on.
_base_ = './lsp.py'
benchmark = dict(
    title='Leeds Sports Pose, one of two mentors shifted',
    mentors={'res18-w32': dict(keypoint_map=[(joint + 1) % 14 for joint in range(14)])},
)
