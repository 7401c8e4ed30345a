# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 6: a run that is killed and resumed ends where the uninterrupted one does."""

import importlib
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

PARTS = ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers')
WORKERS = {'iterations': 0, 'iterations of epochs': 1}
LOGGED = ('train/loss', 'train/lr', 'train/a/taught', 'train/b/kd')


@pytest.fixture(scope='module')
def runs():
    """The module killed_runs."""
    return importlib.import_module('killed_runs')


@pytest.fixture(scope='module')
def school(tmp_path_factory):
    """Mentors with checkpoints, and a student with dropout."""
    folder = tmp_path_factory.mktemp('school')
    return importlib.import_module('cached_classroom').School(folder)


def student(tiny):
    return tiny.net(backbone=dict(dropout=0.3))


def kills(runs, seed):
    """Ten random steps, and moments within them."""
    draw = random.Random(seed)
    steps = sorted(draw.sample(range(1, runs.STEPS), 10))
    return [(step, draw.choice(runs.MOMENTS)) for step in steps]


def same_end(runs, whole, parts):
    """Compare all that a run leaves, but times and names of folders."""
    one, other = (runs.last_checkpoint(folder) for folder in (whole, parts))
    for part in PARTS:
        runs.assert_same(one[part], other[part])
    for key in ('place', 'classroom', 'mentors', 'epoch', 'iter', 'seed'):
        runs.assert_same(one['meta'][key], other['meta'][key])
    logs = [end['message_hub']['log_scalars'] for end in (one, other)]
    for name in LOGGED:
        values = [log[name].data[0].tolist() for log in logs]
        assert values[0] == values[1], name
    assert runs.report_of(whole) == runs.report_of(parts)


def options_of(case, tiny, runs, school, folder):
    """A run by epochs or iterations, in which data are loaded by nobody else, too."""
    cache = school.cache(path=str(folder / 'cache')) if case == 'cache' else None
    return runs.everything(
        partial(school.build, cache, architecture=student(tiny)),
        by_epoch=case in ('epochs', 'cache'),
        sampler=dict(type='InfiniteSampler') if case == 'iterations' else None,
        workers=WORKERS.get(case, 2),
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    'case', ['epochs', 'iterations', 'iterations of epochs', 'cache']
)
def test_a_run_that_is_killed_ten_times(tiny, runs, school, tmp_path, case):
    whole, parts = tmp_path / 'whole', tmp_path / 'parts'
    options = options_of(case, tiny, runs, school, whole)
    assert runs.exit_code(runs.train, whole, options, seed=5) == 0
    options = options_of(case, tiny, runs, school, parts)
    for kill in [*kills(runs, case), None]:
        # With a checkpoint the seed is its own, whatever a new one would be.
        seed = None if (parts / 'last_checkpoint').exists() else 5
        code = runs.exit_code(runs.train, parts, options, seed, resume=True, kill=kill)
        assert code == (-signal.SIGKILL if kill else 0), kill
    same_end(runs, whole, parts)


# As a user does it


def mim_train(folder, work_dir, *arguments):
    """Start `mim train` with a checkpoint in the middle of each epoch."""
    return subprocess.Popen(
        [
            Path(sys.executable).parent / 'mim', 'train', 'classroomkd_mm',
            'classroomkd_resnet8-w4_1xb20_digits.py', '--work-dir', work_dir,
            *arguments, '--cfg-options', 'train_cfg.max_epochs=16',
            'default_hooks.checkpoint.interval=7',
            'default_hooks.checkpoint.by_epoch=False',
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        start_new_session=True,
    )  # fmt: skip


@pytest.mark.slow
def test_mim_train_goes_on_after_a_kill(runs, tmp_path):
    """With one checkpoint kept, which the recipe asks for."""
    pointer = tmp_path / 'parts' / 'last_checkpoint'
    run = mim_train(tmp_path, 'parts')
    while not pointer.exists() and run.poll() is None:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL, 'it ended before it was killed'
    assert not pointer.read_text().endswith('iter_80.pth')
    assert mim_train(tmp_path, 'parts', '--resume').wait() == 0
    assert mim_train(tmp_path, 'whole').wait() == 0
    ends = [
        runs.torch.load(tmp_path / name / 'iter_80.pth', weights_only=True)
        for name in ('whole', 'parts')
    ]
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        runs.assert_same(*(end[part] for end in ends))
    assert runs.report_of(tmp_path / 'whole') == runs.report_of(tmp_path / 'parts')
    assert len(list((tmp_path / 'parts').glob('iter_*.pth'))) <= 2
