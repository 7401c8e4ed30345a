# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Convolutions that keep their weights as oneDNN reads them."""

import copy
import pickle

import pytest
import torch
from torch import nn

from classroomkd_mm.mentors import fast as module
from classroomkd_mm.mentors.fast import TOLERANCE, Speed, speed_up
from classroomkd_mm.mentors.packed import pack, undo, unpack


def make_network():
    """Convolutions of each kind, behind and before others that cannot be packed."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8),
        nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1),
        nn.ConvTranspose2d(8, 6, 3, padding=1),
        nn.ConvTranspose2d(6, 8, 4, stride=2, padding=1, groups=2),
        nn.Conv2d(8, 8, 3, padding=1, padding_mode='reflect'),
        nn.Conv2d(8, 4, 3, padding='same'),
    ).eval()


KINDS = [True, True, True, True, False, False, False]
"""Which of its convolutions are packed."""


def packed(network):
    """Which convolutions have packed weights."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return [m.weight.is_mkldnn for m in network.modules() if isinstance(m, kinds)]


@pytest.fixture
def pair():
    """A network, and a copy that has packed its weights."""
    network = make_network()
    rewritten = copy.deepcopy(network)
    pack(rewritten)
    with torch.no_grad():
        rewritten(torch.randn(2, 3, 16, 16))
    return network, rewritten


@torch.no_grad()
def assert_same(ours, theirs, images):
    torch.testing.assert_close(ours(images), theirs(images), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('shape', [(2, 3, 16, 16), (5, 3, 9, 20), (0, 3, 16, 16)])
@pytest.mark.parametrize('layout', [torch.channels_last, torch.contiguous_format])
def test_images_of_any_size_and_layout(pair, shape, layout):
    network, rewritten = pair
    assert packed(rewritten) == KINDS
    assert_same(rewritten, network, torch.randn(shape).to(memory_format=layout))
    assert packed(rewritten) == KINDS


def test_weights_are_in_memory_once(pair):
    network, rewritten = pair
    sizes = [sum(p.nbytes for p in net.parameters()) for net in (network, rewritten)]
    assert sizes[0] == sizes[1]
    names = [[name for name, _ in net.named_parameters()] for net in pair]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    'copied',
    [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))],
    ids=['copied', 'pickled'],
)
def test_copies(pair, copied):
    network, rewritten = pair
    again = copied(rewritten)
    for net in (rewritten, again):
        assert_same(net, network, torch.randn(2, 3, 16, 16))
        assert packed(net) == KINDS


def test_saved_weights_are_those_of_the_network(pair):
    network, rewritten = pair
    for name, weight in rewritten.state_dict().items():
        assert torch.equal(weight, network.state_dict()[name]), name


def test_moved_and_converted(pair):
    network, rewritten = pair
    images = torch.randn(2, 3, 16, 16)
    for kind in (torch.float64, torch.float32):
        assert_same(rewritten.to(kind), network.to(kind), images.to(kind))
    assert packed(rewritten) == KINDS
    assert rewritten.to('meta')(images.to('meta')).shape == network(images).shape


def test_under_autocast_and_with_gradients(pair):
    """They are plain convolutions then, channels-last, which may round differently."""
    network, rewritten = pair
    network.to(memory_format=torch.channels_last)
    images = torch.randn(2, 3, 16, 16, requires_grad=True)
    with torch.autocast('cpu', torch.bfloat16), torch.no_grad():
        ours, theirs = rewritten(images), network(images)
    assert ours.dtype == theirs.dtype == torch.bfloat16
    assert torch.equal(ours, theirs)
    rewritten(images).sum().backward()
    assert images.grad.abs().max() > 0


def test_packing_can_be_undone(pair):
    network, rewritten = pair
    unpack(rewritten)
    assert not any(packed(rewritten))
    undo(rewritten)
    assert [type(each) for each in rewritten] == [type(each) for each in network]


@pytest.mark.parametrize(
    ('speed', 'kinds'),
    [
        (Speed(fast=True), KINDS),
        (Speed(fast=True, dtype='bfloat16'), [False] * 7),
        (Speed(fast=True, offload='cpu'), [False] * 7),
    ],
    ids=['fast', 'another type', 'offloaded'],
)
def test_a_fast_mentor_packs_for_the_images_that_it_sees(speed, kinds):
    network = make_network()
    fast = speed_up('ann', network, speed)
    assert not any(packed(fast))
    images = torch.randn(3, 3, 20, 28)
    with torch.no_grad():
        fast(images.to(next(fast.parameters()).dtype))
    assert packed(fast) == kinds


@pytest.mark.parametrize('fault', [RuntimeError('No such operator\n…'), None])
def test_a_mentor_stays_folded_where_packing_fails(fault, monkeypatch):
    def convolve(*_):
        if fault:
            raise fault
        return torch.zeros(2, 8, 32, 32)

    said = []
    monkeypatch.setattr(module, 'print_log', lambda line, **options: said.append(line))
    network = make_network()[:3]
    with monkeypatch.context() as context:
        context.setattr('classroomkd_mm.mentors.packed.PackedConv2d.convolve', convolve)
        fast = speed_up('ann', network, Speed(fast=True))
    (line,) = said
    assert "weights of mentor 'ann' are not packed" in line
    assert ('No such operator' if fault else 'would change by') in line
    images = torch.randn(3, 3, 20, 28)
    with torch.no_grad():
        before, after = network(images), fast(images)
    assert not any(packed(fast))
    assert isinstance(fast[1], nn.Identity)
    assert (after - before).abs().max() <= TOLERANCE * before.abs().max()
