# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 6: a run that is killed and resumed ends where the uninterrupted one does."""

import importlib
import random
import signal
from functools import partial

import pytest

PARTS = ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers')
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
        workers=0 if case == 'iterations' else 2,
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
