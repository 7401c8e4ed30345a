# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Weights that are mapped from a temporary file."""

import copy
import pickle
import tempfile
from pathlib import Path

import pytest
import torch
from torch import nn

from classroomkd_mm.mentors import on_disk as module
from classroomkd_mm.mentors.fast import Speed, speed_up
from classroomkd_mm.mentors.on_disk import move_to_disk


def is_on_disk(tensor):
    """Whether its memory belongs to a file of the package, without a name by now."""
    for line in Path('/proc/self/maps').read_text().splitlines():
        first, end = (int(place, 16) for place in line.split()[0].split('-'))
        if first <= tensor.data_ptr() < end:
            return 'classroomkd_mm-' in line and line.endswith('(deleted)')
    return False


def on_disk(network):
    """Whether all weights are, or none."""
    weights = [*network.parameters(), *network.buffers()]
    (answer,) = {is_on_disk(weight) for weight in weights}
    return answer


def make_network():
    """A convolution with its norm, channels-last, and a layer with two names."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 4))
    network.again = network[2]
    return network.to(memory_format=torch.channels_last).eval()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of temporary files."""
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    return tmp_path


def test_weights_stay_what_they_are(folder):
    network = make_network()
    parameters, kept = list(network.parameters()), copy.deepcopy(network.state_dict())
    move_to_disk('ann', network)
    assert on_disk(network)
    assert list(folder.iterdir()) == []
    for before, after in zip(parameters, network.parameters(), strict=True):
        assert before is after
    for key, value in network.state_dict().items():
        assert torch.equal(value, kept[key]), key
        assert value.dtype == kept[key].dtype
        assert value.stride() == kept[key].stride()


def test_it_can_be_changed_and_copied(folder):
    network = make_network()
    move_to_disk('ann', network)
    again = pickle.loads(pickle.dumps(copy.deepcopy(network)))
    with torch.no_grad():
        network[0].weight.fill_(7)
    assert (network[0].weight == 7).all()
    assert not (again[0].weight == 7).any()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again[0].weight, network[0].weight)


def test_without_a_folder_they_stay_in_memory(folder, monkeypatch):
    said = []
    monkeypatch.setattr(module, 'print_log', lambda line, **options: said.append(line))
    monkeypatch.setattr(tempfile, 'tempdir', str(folder / 'missing'))
    network = make_network()
    move_to_disk('ann', network)
    assert not on_disk(network)
    (line,) = said
    assert "mentor 'ann' stay in memory" in line
    assert 'No such file' in line
    assert 'TMPDIR' in line


@pytest.mark.parametrize(
    ('speed', 'moved'),
    [
        (Speed(fast=True), True),
        (Speed(dtype='bfloat16'), True),
        (Speed(fast=False), False),
        (Speed(fast=False, offload='cpu'), False),
    ],
    ids=['fast', 'another type', 'as built', 'offloaded as built'],
)
def test_an_original_is_on_disk_where_a_copy_runs(folder, speed, moved):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    running = speed_up('ann', network, speed)
    assert on_disk(network) == moved
    if moved:
        assert not on_disk(running)
