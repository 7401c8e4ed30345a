# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Two processes fill one cache, and train as without one, and as one process."""

import pytest
import torch

pytestmark = pytest.mark.slow
pytest.importorskip('mmpose')

SIX_DIGITS = dict(rtol=0, atol=1e-6)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Where the two processes leave their files, one folder for each task."""
    return tmp_path_factory.mktemp('two')


@pytest.fixture(scope='module')
def processes(folder):
    """The results of both processes, which train for both tasks."""
    from cached_pose import both_tasks_in_two
    from two_processes import in_two_processes

    return in_two_processes(both_tasks_in_two, folder)


@pytest.mark.parametrize('task', ['classification', 'pose'])
def test_cached_runs_are_plain_runs_bit_for_bit(processes, folder, task):
    for result in processes:
        plain, cold, warm = (result[task][name] for name in ('plain', 'cold', 'warm'))
        assert len(plain['losses']) == 20
        assert warm['needed'] == []
        for run in (cold, warm):
            for part in ('losses', 'weights'):
                torch.testing.assert_close(run[part], plain[part], rtol=0, atol=0)
    cache = folder / task / 'cache'
    assert len(list(cache.glob('[!.]*/mentor.json'))) == 2
    assert not list(cache.glob('.*'))


@pytest.mark.parametrize('task', ['classification', 'pose'])
def test_one_process_ends_with_the_same_weights(processes, folder, task):
    import cached_classroom as cc
    import cached_pose as cp

    folder = folder / task
    if task == 'pose':
        one = cp.train_20_steps(folder, 'one', 1, cp.full_cache(folder))
    else:
        school = cc.School(folder, write=False)
        one = cc.train_20_steps(school, 'one', 1, school.cache(dtype='float32'))
    assert one['needed'] == []
    for result in processes:
        torch.testing.assert_close(
            result[task]['warm']['weights'], one['weights'], **SIX_DIGITS
        )
