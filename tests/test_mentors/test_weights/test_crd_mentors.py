# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Checkpoints as the CRD benchmark publishes them are mentors without conversion."""

from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[3]
DATA = ROOT / 'tests/data/cifar_checkpoints'
PRETRAIN = ROOT / 'configs/pretrain/cifar100'
BASE = ROOT / 'configs/_base_/models/cifar'


@pytest.fixture
def build(tiny):
    from classroomkd_mm.mentors import build_mentors

    student = tiny.MODELS.build(tiny.net(num_classes=100))
    return lambda **mentors: build_mentors(mentors, student)


@pytest.mark.parametrize(
    ('file', 'config'),
    [('resnet8', 'resnet8'), ('wrn_16_2', 'wrn-16-2'), ('ShuffleV1', 'shufflenetv1')],
)
def test_logits_are_those_of_the_benchmark(build, file, config):
    (mentor,) = build(
        it=dict(
            cfg_path=f'{PRETRAIN}/{config}_1xb64_cifar100.py',
            ckpt=str(DATA / f'{file}.pth'),
        )
    )
    with torch.no_grad():
        logits = mentor.network(torch.from_numpy(np.load(DATA / 'input.npy')))
    expected = torch.from_numpy(np.load(DATA / f'{file}_logits.npy'))
    torch.testing.assert_close(logits, expected, rtol=1e-3, atol=1e-3)
    assert f'{file}.pth' in mentor.source


def test_another_network_names_both(build):
    with pytest.raises(
        ValueError,
        match=r"(?s)'it'.*resnet8\.pth.*Missing: backbone\.layer1\.1\.conv1\.weight"
        r'.*published resnet8, but the mentor is configured as '
        r'.*resnet20_1xb64_cifar100',
    ):
        build(
            it=dict(
                cfg_path=f'{PRETRAIN}/resnet20_1xb64_cifar100.py',
                ckpt=str(DATA / 'resnet8.pth'),
            )
        )


def test_another_network_given_as_a_model_config(build):
    from mmengine.config import Config

    model = Config.fromfile(BASE / 'vgg8.py').model.to_dict()
    with pytest.raises(ValueError, match=r'(?s)published resnet8, .*CIFARVGG.*8'):
        build(
            it=dict(
                model=dict(model, _scope_='mmpretrain'),
                ckpt=str(DATA / 'resnet8.pth'),
            )
        )


def test_an_incomplete_file_names_the_mentor(build, tmp_path):
    weights = torch.load(DATA / 'resnet8.pth', weights_only=True)['model']
    del weights['layer2.0.bn1.bias']
    torch.save({'model': weights}, tmp_path / 'cut.pth')
    with pytest.raises(ValueError, match=r"'it'.*cut\.pth.*looks like resnet8"):
        build(
            it=dict(
                cfg_path=f'{PRETRAIN}/resnet8_1xb64_cifar100.py',
                ckpt=str(tmp_path / 'cut.pth'),
            )
        )


def test_a_network_with_the_benchmarks_own_names_gets_them(build):
    """A plain module may be the benchmark's class itself."""
    from torch import nn

    from classroomkd_mm.mentors.weights.crd import convert_if_published

    weights = torch.load(DATA / 'resnet8.pth', weights_only=True)['model']
    network = nn.Module()
    network.conv1 = nn.Conv2d(3, 16, 3, bias=False)
    assert convert_if_published(weights, network, 'it', 'x') == (weights, None)
