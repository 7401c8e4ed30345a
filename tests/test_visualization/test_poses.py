# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Poses are found by a saved student, and drawn where they are."""

import numpy as np
import pytest

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402
import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402
from PIL import Image  # noqa: E402

from classroomkd_mm.datasets.stick_figures import StickFiguresDataset  # noqa: E402
from classroomkd_mm.visualization import find_keypoints, plot_poses  # noqa: E402


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    root = str(tmp_path_factory.mktemp('figures'))
    return StickFiguresDataset('val', 2, data_root=root, test_mode=True, pipeline=[])


@pytest.fixture(scope='module')
def people(dataset):
    return [dataset.get_data_info(index) for index in range(2)]


def pictures(path):
    return np.asarray(Image.open(path).convert('RGB')).astype(int)


def test_a_student_is_loaded_and_finds_points_in_the_picture(people, tmp_path):
    pipeline = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=tp.INPUT),
        dict(type='PackPoseInputs'),
    ]
    model = tp.pose_net(tp.heatmap_head())
    cfg = dict(
        default_scope='mmpose',
        model=model,
        test_dataloader=dict(dataset=dict(type='CocoDataset', pipeline=pipeline)),
    )
    Config(cfg).dump(tmp_path / 'student.py')
    weights = tp.build_network(model).state_dict()
    torch.save(dict(state_dict=weights), tmp_path / 'student.pth')
    poses = find_keypoints(tmp_path / 'student.py', tmp_path / 'student.pth', people)
    assert len(poses) == 2
    for keypoints, scores in poses:
        assert keypoints.shape == (17, 2)
        assert scores.shape == (17,)
        assert np.isfinite(keypoints).all()


def test_what_is_sure_is_drawn_where_it_is(dataset, people, tmp_path):
    keypoints = [np.full((17, 2), 64.0) for _ in people]  # all in the middle
    sure = [(points, np.ones(17)) for points in keypoints]
    unsure = [(points, np.zeros(17)) for points in keypoints]
    for name, poses in dict(sure=sure, unsure=unsure).items():
        out = tmp_path / f'{name}.png'
        plot_poses(people, dict(found=poses), dataset.metainfo, out)
    drawn, empty = pictures(tmp_path / 'sure.png'), pictures(tmp_path / 'unsure.png')
    assert drawn.shape == empty.shape
    rows, columns = np.nonzero(np.abs(drawn - empty).sum(axis=2))
    assert len(rows)
    height, width, _ = drawn.shape
    # Two rows of two pictures; the poses are in those at the right.
    assert (columns > width / 2).all()
    for place in (height / 4, 3 * height / 4):
        assert (np.abs(rows - place) < height / 8).any()
    assert (np.abs(rows - height / 2) > height / 16).all()
