# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The network of the published mentors of CIFAR-100."""

import os
from pathlib import Path

import pytest
import torch

from classroomkd_mm.benchmark.published_resnet import PublishedResNet


def test_shapes_and_depth():
    network = PublishedResNet(14).eval()
    assert network(torch.rand(2, 3, 32, 32)).shape == (2, 100)
    assert len(network.layer1) == 2
    # The stem is wider than the first stage, so its first shortcut is a convolution.
    assert network.layer1[0].shortcut[0].in_channels == 64
    assert len(network.layer1[1].shortcut) == 0
    with pytest.raises(ValueError, match='depth=10'):
        PublishedResNet(10)


@pytest.mark.parametrize('depth', [8, 14, 20, 26, 32])
def test_it_gives_the_published_logits(depth):
    folder = Path(os.environ.get('CIFAR100_MENTORS', 'data/cifar100_mentors'))
    if not (folder / 'logits.npz').is_file():
        pytest.skip('needs the published networks; CIFAR100_MENTORS names their folder')
    import numpy as np

    known = np.load(folder / 'logits.npz')
    network = PublishedResNet(depth).eval()
    weights = torch.load(folder / f'resnet{depth}.pth', weights_only=True)
    network.load_state_dict(weights)
    images = torch.tensor(known['images']).permute(0, 3, 1, 2) / 255
    mean, std = torch.tensor([[0.507, 0.487, 0.441], [0.267, 0.256, 0.276]])
    logits = network((images - mean.view(3, 1, 1)) / std.view(3, 1, 1))
    assert torch.allclose(logits, torch.tensor(known[f'resnet{depth}']), atol=1e-4)
