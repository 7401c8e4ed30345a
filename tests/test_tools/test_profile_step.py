# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/benchmark/profile_step.py``: what it measures, on a few samples."""

import json
import sys

import pytest

from classroomkd_mm.profiling import command


@pytest.mark.slow
@pytest.mark.parametrize('name', ['cifar100_resnet20', 'coco_resnet18'])
def test_json(monkeypatch, capsys, name):
    from classroomkd_mm.profiling.measuring import TIME_RATIOS

    arguments = ['--classrooms', name, '--repeats', '1', '--batch-size', '2']
    arguments += ['--mentors', '2', '--batches', '1', '--json']
    monkeypatch.setattr(sys, 'argv', ['profile_step.py', *arguments])
    command.main()
    (result,) = json.loads(capsys.readouterr().out)
    assert result['name'] == name
    variants = {
        'student', 'student_channels_last', 'bare', 'fast_off', 'fast_on',
        'one_mentor', 'mmrazor',
    }  # fmt: skip
    epochs = {
        'student_loading', 'student_channels_last_loading', 'no_cache', 'cold_cache',
        'warm_cache',
    }  # fmt: skip
    assert set(result['seconds']) == variants | epochs | {'mentors_2'}
    assert result['seconds']['student'] < result['seconds']['bare']
    assert set(result['ratios']) == {
        *TIME_RATIOS, 'checkpoint_over_student', 'memory_over_bound',
        'warm_memory_over_student',
    }  # fmt: skip
    assert result['ratios']['checkpoint_over_student'] < 1.02
    assert result['ratios']['memory_over_bound'] < 1.1
    assert result['ratios']['warm_memory_over_student'] < 1.1


def test_an_unknown_classroom(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['profile_step.py', '--classrooms', 'cifar'])
    with pytest.raises(SystemExit):
        command.main()
    assert "'cifar' is none of cifar100_resnet20" in capsys.readouterr().err
