# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The main job as a user does it: through MIM, from an empty folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RECIPE = 'classroomkd_resnet8-w4_1xb20_digits.py'


def mim(folder, *arguments):
    """Run MIM as the installation of this interpreter has it."""
    return subprocess.run(
        [Path(sys.executable).parent / 'mim', *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )


def train(folder, epochs, *arguments, options=()):
    """Train the digits' classroom for some epochs."""
    return mim(
        folder, 'train', 'classroomkd_mm', RECIPE, '--work-dir', 'out', *arguments,
        '--cfg-options', f'train_cfg.max_epochs={epochs}',
        'default_hooks.checkpoint.interval=1', *options,
    )  # fmt: skip


@pytest.mark.slow
def test_train_resume_and_test_from_an_empty_folder(tmp_path):
    first = train(tmp_path, 2)
    assert first.returncode == 0, first.stderr[-2000:]
    assert (tmp_path / 'out' / 'epoch_2.pth').is_file()
    for value in ('resnet14-w20/taught', 'resnet8-w3/temperature', 'student/score'):
        assert value in first.stdout + first.stderr

    second = train(tmp_path, 4, '--resume')
    assert second.returncode == 0, second.stderr[-2000:]
    report = (tmp_path / 'out' / 'classroom.jsonl').read_text().splitlines()
    assert [json.loads(line)['epoch'] for line in report] == [1, 2, 3, 4]

    tested = mim(
        tmp_path, 'test', 'classroomkd_mm', RECIPE, '--checkpoint', 'out/epoch_4.pth'
    )
    assert tested.returncode == 0, tested.stderr[-2000:]
    assert 'accuracy/top1' in tested.stdout + tested.stderr


@pytest.mark.slow
def test_mmpretrain_runs_the_same_config_and_errors_come_before_training(tmp_path):
    from mmengine.utils import get_installed_path

    package = Path(get_installed_path('classroomkd_mm'))
    (config,) = (package / '.mim' / 'configs').rglob(RECIPE)
    run = mim(
        tmp_path, 'train', 'mmpretrain', str(config), '--work-dir', 'out',
        '--cfg-options', 'train_cfg.max_epochs=1',
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]

    wrong = train(tmp_path, 1, options=['model.mentors.resnet8-w8.ckpt=no where.pth'])
    assert wrong.returncode != 0
    assert "Mentor 'resnet8-w8': the checkpoint 'no where.pth' does not" in wrong.stderr
    assert 'Epoch(train)' not in wrong.stdout + wrong.stderr
