# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Pose classrooms with a cache: heatmaps and SimCC vectors, mentors of other sizes."""

import pytest
import torch

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402
from cached_pose import HEADS, mentors, train  # noqa: E402


@pytest.fixture(scope='module')
def figures(tmp_path_factory):
    """The folder of the drawn figures."""
    return tmp_path_factory.mktemp('figures')


@pytest.mark.parametrize('kind', HEADS)
def test_twenty_steps_are_the_same_bit_for_bit(tmp_path, figures, kind):
    wanted, weights, _ = train(tmp_path, figures, 'plain', kind)
    assert len(wanted) == 20
    assert any(
        value > 0 for step in wanted for k, value in step.items() if 'distill' in k
    )
    cache = dict(path=str(tmp_path / 'cache'), num_views=2, dtype='float32')
    for name in ('cold', 'warm'):
        losses, trained, model = train(tmp_path, figures, name, kind, cache)
        torch.testing.assert_close(losses, wanted, rtol=0, atol=0)
        torch.testing.assert_close(trained, weights, rtol=0, atol=0)
        assert [mentor._mentor for mentor in model.mentors] == [None, None]
    store = model.mentors['large'].store
    forms = dict(heatmaps=((17, 24, 16),), simcc=((17, 128), (17, 192)))
    assert store.form.shapes == forms[kind]
    assert store.aligner()['taught'].tolist() == [True] * 16 + [False]


def test_another_form_of_the_student_has_other_entries(tmp_path, figures):
    cache = dict(path=str(tmp_path / 'cache'), num_views=1)
    train(tmp_path, figures, 'first', 'heatmaps', cache)
    model = tp.build(
        dict(
            type='mmrazor.ClassroomDistill',
            architecture=tp.pose_net(tp.heatmap_head(decoder=tp.codec('UDPHeatmap'))),
            mentors=mentors(tmp_path, 'heatmaps'),
            mentor_cache=cache,
        )
    )
    assert all(mentor._mentor for mentor in model.mentors)


def test_a_map_of_keypoints_has_to_be_in_the_config(tmp_path, figures):
    from classroomkd_mm.datasets.stick_figures import StickFiguresDataset

    names = StickFiguresDataset(
        split='train', num_images=1, data_root=str(figures), pipeline=[]
    ).metainfo['keypoint_id2name']
    swapped = {**names, 1: names[2], 2: names[1]}
    path = mentors(tmp_path, 'heatmaps')['same']['ckpt']
    weights = torch.load(path, weights_only=True)
    meta = dict(dataset_meta=dict(keypoint_id2name=swapped))
    torch.save(dict(meta=meta, state_dict=weights), path)
    cache = dict(path=str(tmp_path / 'cache'), num_views=1)
    with pytest.raises(ValueError, match=r"'same' has a cache.*keypoint_map=\[0, 2, 1"):
        train(tmp_path, figures, 'run', 'heatmaps', cache)
    assert not (tmp_path / 'cache').exists()
