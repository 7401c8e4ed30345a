# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/benchmark/pose_loss_cost.py``, from the command line."""

import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'tools/benchmark/pose_loss_cost.py'


@pytest.mark.slow
def test_the_cost_is_printed_and_limited(monkeypatch, capsys):
    arguments = ['--batch-size', '1', '--mentors', '2', '--repeats', '1']
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), *arguments, '--limit', '1000'])
    runpy.run_path(str(SCRIPT), run_name='__main__')
    assert '1 samples, 2 mentors, cpu: student ' in capsys.readouterr().out

    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), *arguments, '--limit', '0'])
    with pytest.raises(SystemExit, match='limit of 0 %'):
        runpy.run_path(str(SCRIPT), run_name='__main__')
