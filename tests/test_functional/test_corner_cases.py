# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The corner cases that the definition of the method decides, one by one."""

import math

import pytest
import torch

from classroomkd_mm import classroom_loss
from classroomkd_mm.functional import filter_mentors, pace_mentors

every_level = pytest.mark.parametrize('level', ['sample', 'batch'])
every_mentoring = pytest.mark.parametrize('mentoring', ['gap', 'off', 'dtkd', 4.0])
filter_on_and_off = pytest.mark.parametrize('filtering', [True, False])


def example(n=3, N=6, C=5, strength=4.0):
    """A student that knows nothing, and mentors that know the answer."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(C, (N,), generator=generator)
    student = torch.randn(N, C, generator=generator)
    mentors = torch.randn(n, N, C, generator=generator)
    mentors[:, range(N), labels] += strength
    return student.requires_grad_(), mentors, labels


def losses_and_gradient(student, mentors, labels, **options):
    out = classroom_loss(student, mentors, labels, **options)
    (gradient,) = torch.autograd.grad(out.total, student)
    return out, gradient


@every_level
@every_mentoring
@filter_on_and_off
@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
def test_broken_mentor_on_a_sample_is_silent_there(bad, filtering, mentoring, level):
    student, mentors, labels = example()
    broken = mentors.clone()
    broken[1, 2, 3] = bad
    options = dict(level=level, mentoring=mentoring, filtering=filtering)
    out, gradient = losses_and_gradient(student, broken, labels, **options)
    clean, clean_gradient = losses_and_gradient(student, mentors, labels, **options)

    assert not out.active[1, 2]
    assert out.total.isfinite()
    assert gradient.isfinite().all()
    assert out.temperatures.isfinite().all()
    assert not out.ranks.isnan().any()
    if mentoring == 'gap':
        assert out.temperatures[1, 2] == 1
    # Without its broken sample the mentor works on; the others do in any case.
    others = torch.ones_like(out.active)
    others[1, 2] = False
    assert (out.active == clean.active)[others].all()
    if level == 'sample' or not filtering:
        rest = torch.arange(len(labels)) != 2
        torch.testing.assert_close(out.ranks[:, rest], clean.ranks[:, rest])
        torch.testing.assert_close(gradient[rest], clean_gradient[rest])
    if filtering and level == 'sample':
        assert out.ranks[2, 2] == 0
        torch.testing.assert_close(out.ranks.sum(0), torch.full((6,), 3.0))


@every_mentoring
def test_broken_sample_is_as_if_the_mentor_were_absent(mentoring):
    student, mentors, labels = example()
    mentors[1, 2] = math.nan
    out = classroom_loss(student, mentors, labels, mentoring=mentoring)
    rest = classroom_loss(
        student[2:3], mentors[[0, 2], 2:3], labels[2:3], mentoring=mentoring
    )
    # Ranks sum to n, also with one mentor less in the race.
    torch.testing.assert_close(out.ranks[[0, 1, 3], 2], rest.ranks[:, 0] * 3 / 2)
    torch.testing.assert_close(out.temperatures[[0, 2], 2], rest.temperatures[:, 0])


@every_level
@every_mentoring
def test_mentor_broken_on_every_sample(mentoring, level):
    student, mentors, labels = example()
    mentors[0] = math.nan
    options = dict(level=level, mentoring=mentoring)
    out, gradient = losses_and_gradient(student, mentors, labels, **options)
    assert not out.active[0].any()
    assert (out.log_scores[1] == -math.inf).all()
    assert (out.ranks[1] == 0).all()
    assert out.active[1:].any()
    assert gradient.isfinite().all()


def test_batch_score_is_that_of_the_good_samples():
    student, mentors, labels = example()
    mentors[1, 2] = math.nan
    out = classroom_loss(student, mentors, labels, level='batch')
    good = [0, 1, 3, 4, 5]
    expected = -torch.nn.functional.cross_entropy(mentors[1, good], labels[good])
    torch.testing.assert_close(out.log_scores[2], expected.expand(6))


@every_level
@every_mentoring
@filter_on_and_off
@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
def test_broken_student_is_an_error(bad, filtering, mentoring, level):
    student, mentors, labels = example()
    student = student.detach()
    student[[1, 4], 0] = bad
    options = dict(level=level, mentoring=mentoring, filtering=filtering)
    with pytest.raises(FloatingPointError, match=r'student.*samples \[1, 4\]'):
        classroom_loss(student, mentors, labels, **options)


@every_level
@every_mentoring
def test_nobody_teaches(mentoring, level):
    student, mentors, labels = example(strength=0.0)
    student = student.detach().clone()
    student[range(len(labels)), labels] += 20
    student.requires_grad_()
    out = classroom_loss(student, mentors, labels, level=level, mentoring=mentoring)
    assert not out.active.any()
    assert out.distill == 0
    assert out.distill.requires_grad
    (gradient,) = torch.autograd.grad(out.distill, student, retain_graph=True)
    assert (gradient == 0).all()
    (total,) = torch.autograd.grad(out.total, student, retain_graph=True)
    (task,) = torch.autograd.grad(out.task_weight * out.task, student)
    assert torch.equal(total, task)


@every_level
@every_mentoring
@filter_on_and_off
@pytest.mark.parametrize('soft', [False, True])
def test_empty_batch(soft, filtering, mentoring, level):
    student = torch.zeros(0, 5, requires_grad=True)
    labels = torch.zeros(0, 5) if soft else torch.zeros(0, dtype=torch.long)
    options = dict(level=level, mentoring=mentoring, filtering=filtering)
    out, gradient = losses_and_gradient(
        student, torch.zeros(3, 0, 5), labels, **options
    )
    assert out.total == out.distill == out.task == 0
    assert out.task_weight.isfinite()
    assert gradient.shape == (0, 5)
    assert out.ranks.shape == (4, 0)
    assert out.active.shape == out.temperatures.shape == (3, 0)


@every_level
@every_mentoring
def test_one_mentor(mentoring, level):
    student, mentors, labels = example(n=1)
    out, gradient = losses_and_gradient(
        student, mentors, labels, level=level, mentoring=mentoring
    )
    assert out.ranks.shape == (2, 6)
    assert out.distill > 0
    assert gradient.isfinite().all()


@pytest.mark.parametrize('none', [[], (), torch.zeros(0, 6, 5)], ids=type)
def test_no_mentor_is_an_error(none):
    student, _, labels = example()
    with pytest.raises(ValueError, match='needs a mentor'):
        classroom_loss(student, none, labels)


@every_level
@every_mentoring
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize('size', [30.0, 1e4])
def test_extreme_logits(size, dtype, mentoring, level):
    """±1e4 gives probabilities of 1e-8686: far below the smallest number."""
    generator = torch.Generator().manual_seed(0)
    student = size * torch.randn(4, 1000, generator=generator, dtype=dtype)
    mentors = size * torch.randn(3, 4, 1000, generator=generator, dtype=dtype)
    labels = torch.randint(1000, (4,), generator=generator)
    out, gradient = losses_and_gradient(
        student.requires_grad_(), mentors, labels, level=level, mentoring=mentoring
    )
    for name in ('total', 'distill', 'task', 'task_weight', 'ranks', 'temperatures'):
        assert getattr(out, name).isfinite().all(), name
    assert gradient.isfinite().all()
    torch.testing.assert_close(out.ranks.sum(0), torch.full_like(out.ranks[0], 3))
    # Nobody underflows to a tie with the student.
    better = out.log_scores[1:] >= out.log_scores[:1]
    assert (out.active == better).all()


def test_worse_than_the_student_is_inactive_beside_a_much_better_mentor():
    """Both shares vanish in float32 beside the first mentor's, and are not equal."""
    log_scores = torch.tensor([[-150.0], [0.0], [-200.0], [-120.0]])
    ranking = filter_mentors(log_scores)
    assert ranking.active.flatten().tolist() == [True, False, True]
    assert (ranking.weights[1:] == 0).all()


@every_level
def test_an_untrained_student_with_1000_classes_is_ranked(level):
    """The scores are about 1e-3 and smaller; the ranks compare them all the same."""
    generator = torch.Generator().manual_seed(0)
    student = 200 * torch.randn(8, 1000, generator=generator)
    labels = student.argmin(dim=1)
    better = student.clone()
    better[range(8), labels] += 5
    best = better.clone()
    best[range(8), labels] += 5
    assert (student.softmax(1)[range(8), labels] == 0).all()
    out = classroom_loss(student, [better, best], labels, level=level, tau_max=10)
    shares = torch.tensor([0.0, 5.0, 10.0]).softmax(0)
    torch.testing.assert_close(
        out.ranks, (2 * shares)[:, None].expand(3, 8), rtol=1e-3, atol=1e-6
    )
    gaps = torch.tensor([1 - math.exp(-5), 1 - math.exp(-10)])
    torch.testing.assert_close(
        out.temperatures, (1 + 10 * gaps)[:, None].expand(2, 8), rtol=1e-3, atol=0
    )


def test_dtkd_survives_logits_without_a_positive_one():
    student, mentors, labels = example()
    out, gradient = losses_and_gradient(
        student - 50, mentors - 50, labels, mentoring='dtkd'
    )
    assert (out.temperatures > 0).all()
    assert out.total.isfinite()
    assert out.distill >= 0
    assert gradient.isfinite().all()


@every_mentoring
def test_a_mentors_nan_does_not_reach_the_pace(mentoring):
    student, mentors, labels = example()
    ranking = filter_mentors(torch.zeros(4, 6))
    mentors[0, 0] = math.nan
    ranking = ranking._replace(active=ranking.active.clone())
    ranking.active[0, 0] = False
    taus = pace_mentors(ranking, student, list(mentors), mentoring)
    assert taus.mentor.isfinite().all()
    assert taus.student.isfinite().all()
