# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The layout of the convolutions that are trained."""

import pytest
import torch
from mmengine.config import Config
from torch import nn

from classroomkd_mm.engine.hooks.channels_last_hook import (
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
