# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``mim run classroomkd_mm NAME`` finds the scripts, in whatever folder they are."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'
DOCUMENTED = (
    'benchmark', 'cache_mentors', 'convert_checkpoint', 'doctor', 'model_complexity',
    'plot_classroom', 'profile_step', 'scaling',
)  # fmt: skip


def test_a_script_is_known_by_its_name_alone():
    """MIM runs the first script of a name."""
    names = Counter(path.stem for path in TOOLS.rglob('*.py'))
    assert {name for name, count in names.items() if count > 1} == set()


@pytest.mark.parametrize('script', DOCUMENTED)
def test_mim_runs_a_script_from_an_empty_folder(tmp_path, script):
    run = subprocess.run(
        [sys.executable, '-m', 'mim', 'run', 'classroomkd_mm', script, '--', '--help'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert f'usage: {script}.py' in run.stdout
