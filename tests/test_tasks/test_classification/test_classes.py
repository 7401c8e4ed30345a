# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors with other classes, and networks that do not tell theirs."""

import pytest
import torch
from torch import nn


class Plain(nn.Module):
    """A classifier that says nothing of itself."""

    def __init__(self, num_classes=4, size=12):
        super().__init__()
        self.fc = nn.Linear(3 * size * size, num_classes)

    def forward(self, x):
        return self.fc(x.flatten(1))


@pytest.fixture(scope='module')
def build(tiny):
    from classroomkd_mm.mentors import build_mentors

    student = tiny.MODELS.build(dict(tiny.net(), _scope_='mmpretrain'))
    return lambda **cfg: build_mentors(dict(ann=cfg), student)['ann']


def plain(**options):
    return dict(type=f'{__name__}.Plain', **options)


def test_class_map_reorders_a_superset(tiny, build):
    mentor = build(**tiny.mentor(num_classes=7), fast=False, class_map=[6, 0, 3, 3])
    inputs = torch.randn(5, 3, 12, 12)
    logits = mentor.network(mentor.adapter(inputs), mode='tensor')
    assert torch.equal(mentor(inputs), logits[:, [6, 0, 3, 3]])


def test_class_map_trains(tiny):
    """A mentor with permuted classes and a map teaches as the mentor itself."""
    losses = []
    for order in (None, [2, 0, 3, 1]):
        mentor = tiny.mentor(6)
        if order:
            mentor['class_map'] = order
        model = tiny.build_classroom(dict(ann=mentor))
        if order:
            fc = model.mentors['ann'].network.head.fc
            back = torch.tensor(order).argsort()
            fc.weight.data, fc.bias.data = fc.weight[back].data, fc.bias[back].data
        inputs, samples = tiny.prepared(model, tiny.batch())
        losses.append(model(inputs, samples, mode='loss'))
    for name, loss in losses[0].items():
        torch.testing.assert_close(losses[1][name], loss)


@pytest.mark.parametrize(
    ('class_map', 'error', 'message'),
    [
        ([0, 1, 2], ValueError, r"'ann': class_map has 3 entries, but needs 4"),
        ([0, 1, 2, 7], ValueError, r"'ann': class_map contains \[7\].*from 0 to 6"),
        ([0, 1, 2, -1], ValueError, r"'ann': class_map contains \[-1\]"),
        ([0, 1, 2, None], ValueError, r"'ann': class_map contains \[None\]"),
        ([0, 1, 2, True], ValueError, r"'ann': class_map contains \[True\]"),
        ({0: 1}, TypeError, r"'ann': class_map must be a list"),
        ('0123', TypeError, r"'ann': class_map must be a list"),
    ],
    ids=str,
)
def test_wrong_maps(tiny, build, class_map, error, message):
    with pytest.raises(error, match=message):
        build(**tiny.mentor(num_classes=7), class_map=class_map)


def test_without_a_map_the_message_offers_it(tiny, build):
    with pytest.raises(
        ValueError, match=r"'ann' has 7 classes.*4.*class_map.*4 entries"
    ):
        build(**tiny.mentor(num_classes=7))


def test_probe_finds_the_classes_of_a_plain_network(build):
    with pytest.raises(ValueError, match=r"'ann' has 7 classes, but the student has 4"):
        build(model=plain(num_classes=7), ckpt=None, input_size=12)


def test_probe_finds_a_size_that_the_network_cannot_take(build):
    with pytest.raises(ValueError, match=r"'ann' cannot take .* 10 x 10 .*1x300"):
        build(model=plain(), ckpt=None, input_size=10)


def test_probe_finds_a_network_without_a_classifier(build):
    model = dict(type='torch.nn.Identity')
    with pytest.raises(ValueError, match=r"'ann' gives \(1, 3, 12, 12\).*classifier"):
        build(model=model, ckpt=None, input_size=12)


def test_probe_of_one_of_mmpretrains(build):
    model = dict(
        type='mmpretrain.ImageClassifier',
        backbone=dict(type='LeNet5', num_classes=4),
        head=dict(type='ClsHead'),
    )
    with pytest.raises(ValueError, match=r"'ann' cannot take images of 12 x 12"):
        build(model=model, ckpt=None, input_size=12)


def test_unknown_classes_are_found_in_the_first_batch(tiny):
    cfg = dict(ann=dict(model=plain(num_classes=7), ckpt=None))
    model = tiny.build_classroom(cfg)
    inputs, samples = tiny.prepared(model, tiny.batch())
    with pytest.raises(ValueError, match=r"'ann' gives \(6, 7\).*\(6, 4\)"):
        model(inputs, samples, mode='loss')


def test_a_map_beyond_unknown_classes_is_found_in_the_first_batch(build):
    mentor = build(model=plain(), ckpt=None, class_map=[0, 1, 2, 9])
    with pytest.raises(ValueError, match=r"'ann' gives \(2, 4\).*10 classes or more"):
        mentor(torch.zeros(2, 3, 12, 12))


def test_not_for_pose_models(tiny):
    pytest.importorskip('mmpose')
    import tiny_pose

    mentor = tiny_pose.mentor(class_map=[0])
    with pytest.raises(ValueError, match=r"'ann': class_map.*'pose'.*keypoint_map"):
        tiny_pose.build(tiny_pose.pose_classroom(dict(ann=mentor)))
