# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Keypoints of a mentor's checkpoint, compared with those of the dataset."""

import pytest
import torch

pytest.importorskip('mmpose')

import tiny_pose  # noqa: E402

NAMES = [f'point_{number}' for number in range(17)]


def meta(names):
    return dict(keypoint_id2name=dict(enumerate(names)))


@pytest.fixture
def classroom():
    """Build a classroom whose mentor was trained on keypoints of these names."""

    def classroom(theirs, **options):
        model = tiny_pose.build(
            tiny_pose.pose_classroom(dict(ann=tiny_pose.mentor(**options)))
        )
        model.mentors['ann'].network.dataset_meta = meta(theirs)
        return model

    return classroom


def align(model, names):
    model.mentors.align_to_data(model.task, model.student, meta(names))
    return model.mentors['ann']


def test_another_order_is_mapped(classroom):
    model = classroom(NAMES[::-1])
    inputs = torch.randn(2, 3, 96, 64)
    before = model.mentors(inputs)[0]
    mentor = align(model, NAMES)
    assert mentor.aligner.points.tolist() == list(range(16, -1, -1))
    torch.testing.assert_close(mentor(inputs), before.flip(1))


def test_what_is_left_alone(classroom):
    """The same order, a map of the user, names that are no outputs, no names."""
    for theirs, ours, options in (
        (NAMES, NAMES, {}),
        (NAMES[::-1], NAMES, dict(keypoint_map=list(range(17)))),
        (NAMES[::-1], NAMES[:14], {}),
        ([], NAMES, {}),
    ):
        mentor = align(classroom(theirs, **options), ours)
        assert mentor.aligner.points.tolist() == list(range(17))


def test_a_contradiction_is_refused(classroom):
    theirs = [*NAMES[1:], 'tail']
    with pytest.raises(ValueError, match=r"'ann' has the keypoint .*Set keypoint_map"):
        align(classroom(theirs), NAMES)
