# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The layout of the convolutions that are trained."""

import pytest
import torch
from mmengine.config import Config
from torch import nn

from classroomkd_mm.engine.hooks.channels_last_hook import (
    reason_against,
    set_channels_last,
    wants_channels_last,
)

LAYOUT = torch.channels_last


def test_a_run_with_the_hook(tiny, tmp_path):
    runner = tiny.run(tmp_path, hooks=[dict(type='mmrazor.ChannelsLastHook')], epochs=1)
    weight = runner.model.student.backbone.conv.weight
    assert weight.is_contiguous(memory_format=LAYOUT)
    assert not weight.is_contiguous()


def test_mentors_keep_their_layout(tiny, tmp_path):
    """Fast ones stay packed for oneDNN, and the others as they were built."""
    path = tmp_path / 'mentor.pth'
    torch.save(tiny.MODELS.build(tiny.net(6)).state_dict(), path)
    entry = dict(model=tiny.net(6), ckpt=str(path))
    mentors = dict(fast=dict(entry, fast=True), plain=dict(entry, fast=False))
    model = tiny.build_classroom(mentors)
    model(*tiny.prepared(model, tiny.batch()), mode='loss')  # packs what is fast
    set_channels_last(model)
    assert model.student.backbone.conv.weight.is_contiguous(memory_format=LAYOUT)
    fast, plain = (mentor.running.backbone.conv.weight for mentor in model.mentors)
    assert fast.is_mkldnn
    assert plain.is_contiguous()


@pytest.mark.parametrize(
    ('device', 'groups', 'converts'),
    [('cpu', 1, True), ('cpu', 4, True), ('meta', 1, True), ('meta', 4, False)],
)
def test_grouped_convolutions_are_converted_on_a_cpu_only(device, groups, converts):
    network = nn.Sequential(
        nn.Conv2d(4, 4, 3, device=device),
        nn.Conv2d(4, 8, 3, groups=groups, device=device),
    )
    set_channels_last(network)
    assert network[0].weight.is_contiguous(memory_format=LAYOUT) is converts


@pytest.mark.parametrize(
    ('conv', 'converts'),
    [
        (dict(in_channels=4, kernel_size=1, stride=2), False),
        (dict(in_channels=15, kernel_size=1, stride=(1, 2)), False),
        (dict(in_channels=16, kernel_size=1, stride=2), True),
        (dict(in_channels=4, kernel_size=1), True),
        (dict(in_channels=4, kernel_size=3, stride=2), True),
    ],
)
def test_convolutions_that_would_write_beyond_their_memory(conv, converts):
    """Channels-last, PyTorch 2.14.1 crashes in the first two cases."""
    first = nn.Conv2d(3, conv['in_channels'], 3)
    network = nn.Sequential(first, nn.ReLU(), nn.Conv2d(out_channels=8, **conv))
    images = torch.randn(4, 3, 114, 114)
    gradients = []
    for _ in range(2):
        network.zero_grad()
        network(images).square().mean().backward()
        gradients.append([p.grad.clone() for p in network.parameters()])
        set_channels_last(network)
    assert first.weight.is_contiguous(memory_format=LAYOUT) is converts
    assert ("'2' (1 x 1, stride" in str(reason_against(network))) is not converts
    torch.testing.assert_close(*gradients)


def test_lite_hrnet_keeps_its_layout():
    class LiteHRNet(nn.Sequential):
        """Named as MMPose's."""

    network = LiteHRNet(nn.Conv2d(3, 4, 3))
    assert reason_against(network) == 'Lite-HRNet is slower channels-last'


def test_mentors_do_not_decide(tiny):
    """Neither a mentor's convolutions nor its name are reasons for the student."""
    model = tiny.build_classroom(dict(mentor=dict(model=tiny.net(6), ckpt=None)))
    network = model.mentors['mentor'].running
    network.backbone.narrow = nn.Conv2d(4, 8, 1, stride=2)
    assert reason_against(network) is not None
    assert reason_against(model) is None


@pytest.mark.parametrize(
    ('hooks', 'wants'),
    [
        ([dict(type='EMAHook'), dict(type='mmrazor.ChannelsLastHook')], True),
        ([dict(type='ChannelsLastHook')], True),
        ([dict(type='EMAHook')], False),
        ([], False),
        (None, False),
    ],
)
def test_what_a_config_wants(hooks, wants):
    assert wants_channels_last(Config(dict(custom_hooks=hooks))) is wants


def test_a_config_without_hooks():
    assert not wants_channels_last(Config())
