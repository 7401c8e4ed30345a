# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 5: two processes with half a batch each compute what one does with it all.

Two real processes, which talk through gloo, work off all cases of
``distributed_cases`` at once; starting them is what takes the time. What one process
computes is computed right here.
"""

import json

import pytest
import torch

pytestmark = pytest.mark.slow

CASES = ('halves', 'uneven')
LEVELS = ('sample', 'batch', 'rounded')
SIX_DIGITS = dict(rtol=0, atol=1e-6)


@pytest.fixture(scope='module')
def cases():
    """The module with all cases, which imports OpenMMLab."""
    import distributed_cases

    return distributed_cases


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Where the two processes leave their files."""
    return tmp_path_factory.mktemp('distributed')


@pytest.fixture(scope='module')
def processes(cases, folder):
    """The results of both."""
    from two_processes import in_two_processes

    return in_two_processes(cases.all_in_two, folder)


@pytest.mark.parametrize('mentoring', ['gap', 'dtkd'])
@pytest.mark.parametrize('filtering', LEVELS)
@pytest.mark.parametrize('case', [*CASES, 'nothing'])
def test_classroom_loss(cases, processes, case, filtering, mentoring):
    shares = [result['losses'][case, filtering, mentoring] for result in processes]
    whole = cases.share_of_losses(
        slice(8), mentoring=mentoring, **cases.FILTERS[filtering]
    )
    for name in ('log_scores', 'ranks', 'active', 'temperatures'):
        joined = torch.cat([share[name] for share in shares], dim=1)
        torch.testing.assert_close(joined, whole[name], equal_nan=True, msg=name)
    for share in shares:
        torch.testing.assert_close(share['task_weight'], whole['task_weight'])
    # DDP takes the mean of the gradients of its processes.
    joined = torch.cat([share['grad'] / 2 for share in shares])
    torch.testing.assert_close(joined, whole['grad'])
    mean = (shares[0]['total'] + shares[1]['total']) / 2
    torch.testing.assert_close(mean, whole['total'])


@pytest.mark.parametrize('level', LEVELS)
@pytest.mark.parametrize('case', CASES)
def test_step_of_a_classroom(cases, processes, case, level):
    whole = cases.step(level)
    shares = [result['step'][case, level] for result in processes]
    for name, loss in whole['losses'].items():
        mean = (shares[0]['losses'][name] + shares[1]['losses'][name]) / 2
        torch.testing.assert_close(mean, loss, msg=name)
    for share in shares:
        torch.testing.assert_close(share['gradients'], whole['gradients'], **SIX_DIGITS)


@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_twenty_steps_with_uneven_last_batches(
    cases, folder, processes, tmp_path, level
):
    expected = cases.whole_run(level, 1, tmp_path)
    for result in processes:
        torch.testing.assert_close(result['run'][level], expected, **SIX_DIGITS)
    two = same_reports(tmp_path, folder / f'two_{level}')
    assert [line['iter'] for line in two] == [3, 6, 9, 12, 15, 18, 21]


def test_run_by_iteration(cases, folder, processes, tmp_path):
    expected = cases.run_by_iteration(1, tmp_path)
    assert len(expected) == 3
    for result in processes:
        assert result['by_iteration'] == expected
    two = same_reports(tmp_path, folder / 'two_by_iteration')
    assert [line['iter'] for line in two] == [2, 3]


@pytest.mark.parametrize('world', [1, 2])
def test_one_mentor_is_the_single_teacher(cases, processes, world):
    """Bit for bit with MMRazor's loss; ours takes a sum in another order."""
    results = [result['single'] for result in processes]
    if world == 1:
        single = cases.SINGLE.items()
        results = [{name: cases.twenty_steps(build(), 1) for name, build in single}]
    start = cases.single_teacher().student.state_dict()
    for result in results:
        theirs = result['theirs']
        assert not any(torch.equal(theirs[name], start[name]) for name in start)
        torch.testing.assert_close(result['their_loss'], theirs, rtol=0, atol=0)
        torch.testing.assert_close(result['our_loss'], theirs, rtol=1e-6, atol=1e-6)


def test_no_tensor_of_a_mentor_is_sent(cases, processes):
    model = cases.large_classroom()
    weights, buffers = (
        sum(tensor.nbytes for tensor in tensors)
        for tensors in (model.student.parameters(), model.student.buffers())
    )
    mentors = sum(
        tensor.nbytes
        for mentor in model.mentors
        for tensor in (*mentor.parameters(), *mentor.buffers())
    )
    assert mentors > 50 * weights
    for result in processes:
        sent = dict(gradients=weights, buffers=buffers, besides=0)
        assert result['bytes']['student'] == sent
        # Two sums of two numbers each, for W and for the weight of the process.
        assert result['bytes']['classroom'] == sent | dict(besides=16)


def same_reports(*folders):
    """Compare the reports of one process and of two, and return the latter."""
    one, two = (
        [json.loads(line) for line in (path / 'classroom.jsonl').open()]
        for path in folders
    )
    for expected, line in zip(one, two, strict=True):
        assert line['student'] == pytest.approx(expected['student'], rel=1e-4)
        for name, values in expected['mentors'].items():
            # A mentor that taught nothing has the temperature None.
            got = {key: value or 0 for key, value in line['mentors'][name].items()}
            wanted = {key: value or 0 for key, value in values.items()}
            assert got == pytest.approx(wanted, rel=1e-3)
    return two
