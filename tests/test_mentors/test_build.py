# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""How a config names mentors, and promise 7: what is wrong is found right there."""

import logging

import pytest
import torch
from torch import nn

CIFAR = 'mmpretrain::resnet/resnet18_8xb16_cifar10.py'


@pytest.fixture(scope='module')
def build(tiny):
    """Build the mentors of a config beside a student of 4 (or more) classes."""
    from classroomkd_mm.mentors import build_mentors

    students = {}

    def build(mentors, num_classes=4):
        if num_classes not in students:
            students[num_classes] = tiny.MODELS.build(
                dict(tiny.net(num_classes=num_classes), _scope_='mmpretrain')
            )
        return build_mentors(mentors, students[num_classes])

    return build


@pytest.fixture
def checkpoint(tiny, tmp_path):
    """Path of the weights of tiny.net(6), and these weights."""
    network = tiny.stir(tiny.MODELS.build(dict(tiny.net(6), _scope_='mmpretrain')))
    path = tmp_path / 'six.pth'
    torch.save(dict(state_dict=network.state_dict()), path)
    return str(path), network.state_dict()


def test_by_model_config(tiny, build, checkpoint):
    path, weights = checkpoint
    (mentor,) = build(dict(six=dict(model=tiny.net(6), ckpt=path)))
    assert mentor.name == 'six'
    assert path in mentor.source
    for key, value in mentor.network.state_dict().items():
        assert torch.equal(value, weights[key])


def test_by_config_path(build):
    (mentor,) = build(dict(cifar=dict(cfg_path=CIFAR, ckpt=None)), num_classes=10)
    assert type(mentor.network.backbone).__name__ == 'ResNet_CIFAR'
    # The preprocessor stands outside the model in that file.
    mean = mentor.network.data_preprocessor.mean.flatten()
    torch.testing.assert_close(mean, torch.tensor([125.307, 122.961, 113.8575]))
    assert CIFAR in mentor.source


def test_by_file(tiny, build, tmp_path):
    from mmengine.config import Config

    path = tmp_path / 'net.py'
    Config(dict(model=tiny.net(6), default_scope='mmpretrain')).dump(path)
    (mentor,) = build(dict(file=dict(cfg_path=str(path), ckpt=None)))
    assert mentor.network.head.num_classes == 4


def test_built_module(build):
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 12, 4))
    (mentor,) = build(dict(mine=network))
    assert mentor.network is network
    assert mentor(torch.zeros(2, 3, 12, 12)).shape == (2, 4)


def test_order_is_kept_and_none_leaves_out(tiny, build):
    names = ['z', 'left_out', 'a', 'm']
    mentors = {name: tiny.mentor(channels) for channels, name in enumerate(names, 3)}
    mentors['left_out'] = None
    classroom = build(mentors)
    assert classroom.names == ('z', 'a', 'm')
    assert [mentor.name for mentor in classroom] == ['z', 'a', 'm']
    assert [m.network.backbone.conv.out_channels for m in classroom] == [3, 5, 6]
    assert len(classroom) == 3
    assert classroom['a'].name == 'a'


def test_random_weights_on_purpose_only_warn(tiny, build, monkeypatch):
    from classroomkd_mm.mentors.weights import random_weights as module

    said = []
    monkeypatch.setattr(
        module,
        'print_log',
        lambda message, logger, level: said.append((message, level)),
    )
    build(dict(blank=tiny.mentor()))
    ((message, level),) = said
    assert level == logging.WARNING
    assert "'blank' has random weights" in message


@pytest.mark.parametrize(
    ('mentors', 'error', 'message'),
    [
        ({}, ValueError, r'no mentors.*add one'),
        ({'a': None}, ValueError, r'no mentors.*add one'),
        ([dict(ckpt=None)], TypeError, r'mentors must be a dict.*list'),
        ({'ann': 'resnet50'}, TypeError, r"'ann' must be a dict.*'resnet50'"),
        ({'ann': dict(ckpt=None)}, ValueError, r"'ann' needs either.*neither"),
        (
            {'ann': dict(cfg_path=CIFAR, model=dict(type='x'), ckpt=None)},
            ValueError,
            r"'ann' needs either.*both",
        ),
        ({'ann': dict(cfg_path=CIFAR)}, ValueError, r"'ann' has no weights: add ckpt"),
        (
            {'ann': dict(cfg_path=CIFAR, pretrained=False)},
            ValueError,
            r"'ann' has no weights",
        ),
        (
            {'ann': dict(cfg_path=CIFAR, ckpt='x.pth', pretrained=True)},
            ValueError,
            r"'ann' has `ckpt` and `pretrained`: give only one",
        ),
        (
            {'ann': dict(cfg_path='my_net.py', pretrained=True)},
            ValueError,
            r"'ann'.*package::path.*ckpt",
        ),
        (
            {'ann': dict(cfg_path=CIFAR, checkpoint='x.pth')},
            TypeError,
            r"'ann' has no option 'checkpoint'.*It has:.*cfg_path, ckpt",
        ),
        (
            {'ann': dict(cfg_path=CIFAR, ckp='x.pth')},
            TypeError,
            r"'ann' has no option 'ckp'\. Did you mean 'ckpt'",
        ),
    ],
    ids=str,
)
def test_wrong_descriptions(build, mentors, error, message):
    with pytest.raises(error, match=message):
        build(mentors)


@pytest.mark.parametrize(
    ('model', 'error'),
    [
        (dict(type='mmpretrain.NoSuchClassifier'), KeyError),
        (dict(type='mmpretrain.ImageClassifier', backbone=dict(type='No')), KeyError),
        (
            dict(
                type='mmpretrain.ImageClassifier',
                backbone=dict(type='TinyBackbone', depth=3),
            ),
            TypeError,
        ),
        (dict(backbone=dict(type='TinyBackbone')), TypeError),
    ],
    ids=str,
)
def test_network_that_cannot_be_built_names_the_mentor(build, model, error):
    with pytest.raises(error, match="'ann'"):
        build(dict(ann=dict(model=model, ckpt=None)))


@pytest.mark.parametrize('path', ['mmpretrain::resnet/nope.py', 'nope.py'])
def test_config_that_does_not_exist_names_the_mentor(build, path):
    with pytest.raises(FileNotFoundError, match=r"'ann'.*nope"):
        build(dict(ann=dict(cfg_path=path, ckpt=None)))


def test_other_number_of_classes(tiny, build):
    with pytest.raises(
        ValueError, match=r"'ann' has 7 classes.*student has 4.*trained"
    ):
        build(dict(ann=tiny.mentor(num_classes=7)))


def test_other_number_of_classes_of_a_backbone_that_classifies(build):
    """MMPretrain's VGG and others have the classes in the backbone."""
    model = dict(
        type='mmpretrain.ImageClassifier',
        backbone=dict(type='LeNet5', num_classes=7),
        head=dict(type='ClsHead'),
    )
    with pytest.raises(ValueError, match=r"'ann' has 7 classes"):
        build(dict(ann=dict(model=model, ckpt=None)))


@pytest.mark.parametrize('size', [0, -3, (224,), (224, 224, 3), 22.4, '224', (8, 0)])
def test_input_size(tiny, build, size):
    with pytest.raises(ValueError, match=r"'ann': input_size must be a positive int"):
        build(dict(ann=dict(tiny.mentor(), input_size=size)))
