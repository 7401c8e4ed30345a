# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""classroom_loss agrees with the method written down a second time."""

import itertools

import numpy as np
import pytest
import torch
from method_reference import classroom

from classroomkd_mm import classroom_loss


def example(seed, n=3, N=6, C=5, soft=False, positive=False):
    """Logits in float64 and targets; positive maxima for DTKD."""
    generator = np.random.default_rng(seed)
    student = 2 * generator.standard_normal((N, C))
    mentors = 3 * generator.standard_normal((n, N, C))
    if positive:
        student, mentors = np.abs(student) + 0.5, np.abs(mentors) + 0.5
    targets = generator.integers(C, size=N)
    if soft:
        targets = 0.7 * np.eye(C)[targets] + 0.3 * generator.dirichlet(np.ones(C), N)
    return student, mentors, targets


def compare(data, dtype, rtol, **options):
    student, mentors, targets = data
    expected = classroom(student, mentors, targets, **options)
    logits = torch.tensor(student, dtype=dtype, requires_grad=True)
    labels = torch.tensor(targets)
    if labels.is_floating_point():
        labels = labels.to(dtype)
    out = classroom_loss(logits, torch.tensor(mentors, dtype=dtype), labels, **options)
    out.total.backward()
    assert (out.active.numpy() == expected['active']).all()
    for name in ('log_scores', 'ranks', 'task_weight', 'task', 'distill', 'total'):
        actual = getattr(out, name).detach()
        assert actual.dtype == dtype
        np.testing.assert_allclose(
            actual.numpy(), expected[name], rtol=rtol, atol=rtol / 10, err_msg=name
        )
    taught = expected['active'] | (options.get('mentoring') != 'dtkd')
    np.testing.assert_allclose(
        out.temperatures.numpy()[taught], expected['tau'][taught], rtol=rtol
    )
    np.testing.assert_allclose(
        logits.grad.numpy(), expected['gradient'], rtol=rtol, atol=rtol / 10
    )


@pytest.mark.parametrize('task_weight', ['student_score', 'constant'])
@pytest.mark.parametrize('filtering', [True, False], ids=['filter', 'no_filter'])
@pytest.mark.parametrize('mentoring', ['gap', 'off', 'dtkd', 4.0, 1])
@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_every_switch(level, mentoring, filtering, task_weight):
    for seed, soft in itertools.product(range(2), (False, True)):
        data = example(seed, soft=soft, positive=mentoring == 'dtkd')
        options = dict(
            level=level,
            mentoring=mentoring,
            filtering=filtering,
            task_weight=task_weight,
        )
        compare(data, torch.float64, 1e-9, **options)
        compare(data, torch.float32, 2e-5, **options)


@pytest.mark.parametrize('level', ['sample', 'batch'])
@pytest.mark.parametrize('n', [1, 2, 7])
@pytest.mark.parametrize('tau_max', [0, 0.5, 12, 40])
def test_numbers_of_mentors_and_tau_max(level, n, tau_max):
    compare(example(n, n=n), torch.float64, 1e-9, level=level, tau_max=tau_max)


@pytest.mark.parametrize('level', ['sample', 'batch'])
@pytest.mark.parametrize('rank_decimals', [0, 1, 2, 4])
def test_rounded_shares(level, rank_decimals):
    for seed in range(4):
        compare(
            example(seed), torch.float64, 1e-9, level=level, rank_decimals=rank_decimals
        )


@pytest.mark.parametrize('weights', ['rank', 'uniform', 'confidence'])
@pytest.mark.parametrize('filtering', [True, False, 'soft'], ids=str)
@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_options_beyond_the_paper(level, filtering, weights):
    for seed, slack in enumerate((0, 0.5, 2) if filtering is True else (0,)):
        options = dict(level=level, filtering=filtering, weights=weights, slack=slack)
        compare(example(seed), torch.float64, 1e-9, **options)
        compare(example(seed), torch.float64, 1e-9, mentoring=4.0, **options)
        compare(example(seed), torch.float32, 2e-5, **options)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize('mentoring', ['gap', 'off', 'dtkd', 4.0])
@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_half_precision_logits_are_computed_in_float32(level, mentoring, dtype):
    student, mentors, labels = (torch.tensor(x) for x in example(0))
    student = student.to(dtype).requires_grad_()
    mentors = mentors.to(dtype)
    options = dict(level=level, mentoring=mentoring)
    half = classroom_loss(student, mentors, labels, **options)
    half.total.backward()
    full_student = student.detach().float().requires_grad_()
    full = classroom_loss(full_student, mentors.float(), labels, **options)
    full.total.backward()
    for name in full._fields:
        assert getattr(half, name).dtype == getattr(full, name).dtype, name
        torch.testing.assert_close(getattr(half, name), getattr(full, name))
    assert half.total.dtype == torch.float32
    assert student.grad.dtype == dtype
    torch.testing.assert_close(
        student.grad.float(), full_student.grad, rtol=0.01, atol=1e-3
    )


@pytest.mark.parametrize(
    ('student_type', 'mentor_type'),
    [
        (torch.float32, torch.bfloat16),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float64),
        (torch.float64, torch.float32),
        (torch.float16, torch.bfloat16),
    ],
    ids=str,
)
def test_members_of_different_precision(student_type, mentor_type):
    student, mentors, labels = (torch.tensor(x) for x in example(0))
    mixed = classroom_loss(student.to(student_type), mentors.to(mentor_type), labels)
    exact = classroom_loss(student, mentors, labels)
    torch.testing.assert_close(
        mixed.total.double(), exact.total.double(), rtol=0.05, atol=0.05
    )
    wide = {torch.float64} & {student_type, mentor_type}
    assert mixed.log_scores.dtype == (torch.float64 if wide else torch.float32)


def test_soft_labels_in_another_precision():
    student, mentors, targets = (torch.tensor(x) for x in example(0, soft=True))
    exact = classroom_loss(student, mentors, targets)
    for dtype in (torch.float32, torch.float16):
        out = classroom_loss(student.float(), mentors.float(), targets.to(dtype))
        torch.testing.assert_close(
            out.total.double(), exact.total, rtol=2e-3, atol=2e-3
        )
        assert out.total.dtype == torch.float32


def test_one_hot_soft_labels_equal_hard_labels():
    student, mentors, labels = (torch.tensor(x) for x in example(0))
    hard = classroom_loss(student, mentors, labels)
    soft = classroom_loss(
        student, mentors, torch.nn.functional.one_hot(labels, 5).double()
    )
    for one, two in zip(hard, soft, strict=True):
        torch.testing.assert_close(one, two)
