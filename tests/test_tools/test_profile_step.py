# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/benchmark/profile_step.py``: what it measures, on a few samples."""

import importlib
import json
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[2] / 'tools/benchmark/profile_step.py'


@pytest.fixture
def profile_step(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPT.parent)
    return importlib.import_module('profile_step')


@pytest.mark.slow
@pytest.mark.parametrize('name', ['cifar100_resnet20', 'coco_resnet18'])
def test_json(profile_step, monkeypatch, capsys, name):
    arguments = ['--classrooms', name, '--repeats', '2', '--batch-size', '2']
    arguments += ['--mentors', '2', '--json']
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), *arguments])
    profile_step.main()
    (result,) = json.loads(capsys.readouterr().out)
    assert result['name'] == name
    variants = {'student', 'bare', 'fast_off', 'fast_on', 'one_mentor', 'mmrazor'}
    assert set(result['seconds']) == variants | {'mentors_2'}
    assert result['seconds']['student'] < result['seconds']['bare']
    assert set(result['ratios']) == {
        *profile_step.RATIOS, 'checkpoint_over_student', 'memory_over_bound',
    }  # fmt: skip
    assert result['ratios']['checkpoint_over_student'] < 1.02
    assert result['ratios']['memory_over_bound'] < 1.1


def test_the_peak_is_what_lives_at_a_time(profile_step):
    kept = torch.zeros(100)

    def step():
        for _ in range(3):
            torch.ones(1000).add_(1)
        return torch.ones(500) + kept.sum()

    assert 4000 <= profile_step.peak(step) < 5000


def test_variants_take_turns(profile_step):
    order = []
    steps = dict(a=lambda: order.append('a'), b=lambda: order.append('b'))
    times = profile_step.take_turns(steps, 3)
    assert order == ['a', 'b'] * 4
    assert [len(values) for values in times.values()] == [3, 3]


def test_an_unknown_classroom(profile_step, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), '--classrooms', 'cifar'])
    with pytest.raises(SystemExit):
        profile_step.main()
    assert "'cifar' is none of cifar100_resnet20" in capsys.readouterr().err
