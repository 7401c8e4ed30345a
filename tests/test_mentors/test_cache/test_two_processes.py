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


def test_one_process_trains_the_same_classifier(processes, folder):
    import cached_classroom as cc

    school = cc.School(folder / 'classification', write=False)
    one = cc.train_20_steps(school, 'one', 1, school.cache(dtype='float32'))
    assert one['needed'] == []
    for result in processes:
        torch.testing.assert_close(
            result['classification']['warm']['weights'], one['weights'], **SIX_DIGITS
        )


def test_one_process_trains_the_same_pose_model(processes, folder):
    import cached_pose as cp

    folder = folder / 'pose'
    cache = dict(path=str(folder / 'cache'), num_views=2, dtype='float32')
    _, weights, _ = cp.train(folder, folder / 'figures', 'one', 'heatmaps', cache)
    for result in processes:
        torch.testing.assert_close(
            result['pose']['warm']['weights'], weights, **SIX_DIGITS
        )
