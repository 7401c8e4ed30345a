# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Baselines of many mentors, against the formulas written down again in NumPy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from method_reference import log_softmax, task_loss

from classroomkd_mm.functional import (
    filter_mentors,
    pace_mentors,
    plan_lesson,
    standardize_logits,
)

few = settings(max_examples=15, deadline=None)
TAU = 4.0
CLASSES = 5


def example(seed=0, n=3, N=6):
    generator = torch.Generator().manual_seed(seed)

    def logits(*shape):
        return 2 * torch.randn(*shape, generator=generator, dtype=torch.float64)

    labels = torch.randint(CLASSES, (N,), generator=generator)
    return logits(N, CLASSES).requires_grad_(), list(logits(n, N, CLASSES)), labels


def lesson_of(tiny, student, mentors, labels, scorer=None, mentoring=TAU, **options):
    from classroomkd_mm.tasks.classification import ClassificationScorer

    options = options or dict(filtering=False, weights='confidence')
    return plan_lesson(
        student,
        mentors,
        [tiny.DataSample().set_gt_label(label) for label in labels],
        scorer=scorer or ClassificationScorer(),
        knowledge_filter=lambda scores: filter_mentors(scores, **options),
        mentoring=lambda *members: pace_mentors(*members, mentoring),
    )


def kl(mentor, student, tau):
    """τ² KL between the softmaxes of one sample."""
    log_p, log_q = log_softmax(mentor / tau), log_softmax(student / tau)
    return tau**2 * float((np.exp(log_p) * (log_p - log_q)).sum())


def numbers(tensor):
    return tensor.detach().numpy()


def weighted(student, mentors, weights):
    """The mean over samples of the weighted terms; weights[i] of the n mentors."""
    return sum(
        weight * kl(numbers(mentor[i]), numbers(student[i]), TAU) / len(student)
        for i in range(len(student))
        for weight, mentor in zip(weights[i], mentors, strict=True)
    )


@pytest.mark.parametrize('n', [2, 3, 5])
def test_camkd(tiny, n):
    from classroomkd_mm.tasks.classification import ClassroomKDLoss

    student, mentors, labels = example(n=n)
    weights = []
    for i, label in enumerate(labels):
        costs = [math.exp(task_loss(numbers(m[i]), int(label))) for m in mentors]
        weights.append([(1 - c / sum(costs)) / (n - 1) for c in costs])
        assert sum(weights[-1]) == pytest.approx(1)
    loss = ClassroomKDLoss(loss_weight=1 / n)
    lesson = lesson_of(tiny, student, mentors, labels)
    assert loss(student, mentors, lesson).sum().item() == pytest.approx(
        weighted(student, mentors, weights), rel=1e-9
    )
    assert lesson.task_weight == 1


@pytest.mark.parametrize('n', [2, 3, 5])
def test_ebkd(tiny, n):
    from classroomkd_mm.tasks.classification import ClassroomKDLoss, EntropyScorer

    student, mentors, labels = example(n=n)
    weights = []
    for i in range(len(labels)):
        logs = [log_softmax(numbers(m[i])) for m in mentors]
        entropy = [-(np.exp(each) * each).sum() for each in logs]
        weights.append([(1 - h / sum(entropy)) / (n - 1) for h in entropy])
    loss = ClassroomKDLoss(loss_weight=1 / n)
    lesson = lesson_of(tiny, student, mentors, labels, EntropyScorer())
    assert loss(student, mentors, lesson).sum().item() == pytest.approx(
        weighted(student, mentors, weights), rel=1e-9
    )


def test_the_scores_of_certain_and_of_broken_mentors_are_finite_or_minus_infinity(tiny):
    from classroomkd_mm.tasks.classification import EntropyScorer

    student, mentors, labels = example()
    mentors[0][0] = torch.tensor([1e5, 0, 0, 0, 0])
    mentors[1][0, 2] = math.nan
    samples = [tiny.DataSample().set_gt_label(label) for label in labels]
    scores = EntropyScorer()(student, mentors, samples).log_scores
    assert scores[2, 0] == -math.inf
    scores[2, 0] = 0
    assert scores.isfinite().all()


def test_average_of_logits(tiny):
    from classroomkd_mm.tasks.classification import AverageLogitsKDLoss

    student, mentors, labels = example()
    lesson = lesson_of(tiny, student, mentors, labels, filtering=False)
    by_mentor = AverageLogitsKDLoss(loss_weight=1 / 3)(student, mentors, lesson)
    average = sum(map(numbers, mentors)) / 3
    expected = np.mean(
        [kl(average[i], numbers(student[i]), TAU) for i in range(len(labels))]
    )
    assert by_mentor.sum().item() == pytest.approx(expected, rel=1e-9)
    torch.testing.assert_close(by_mentor, by_mentor[:1].expand(3))


def test_average_of_logits_of_the_active_mentors(tiny):
    """A sample of nobody, one of a single mentor, and mentors with NaN."""
    from classroomkd_mm.tasks.classification import AverageLogitsKDLoss

    student, mentors, labels = example()
    lesson = lesson_of(tiny, student, mentors, labels, mentoring='gap', level='sample')
    active = lesson.ranking.active.clone()
    active[:, 0] = False
    active[:, 1] = torch.tensor([True, False, False])
    weights = torch.rand(3, 6, dtype=torch.float64) * active
    lesson = lesson._replace(
        ranking=lesson.ranking._replace(active=active, weights=weights)
    )
    mentors = [
        logits.masked_fill(~each[:, None], math.nan)
        for logits, each in zip(mentors, active, strict=True)
    ]
    value = AverageLogitsKDLoss()(student, mentors, lesson).sum()
    expected = 0
    for i in range(1, 6):
        teaching = [m for m in range(3) if active[m, i]]
        if not teaching:
            continue
        total = weights[:, i].sum().item()
        share = {m: weights[m, i].item() / total for m in teaching}
        tau = sum(share[m] * lesson.temperatures.mentor[m, i].item() for m in share)
        average = sum(share[m] * numbers(mentors[m][i]) for m in share)
        expected += total * kl(average, numbers(student[i]), tau) / 6
    assert value.item() == pytest.approx(expected, rel=1e-9)
    (gradient,) = torch.autograd.grad(value, student)
    assert gradient.isfinite().all()
    assert (gradient[0] == 0).all()


def test_average_of_probabilities_has_the_gradient_of_the_average_loss(tiny):
    """AVER in the space of probabilities needs no module of its own."""
    from classroomkd_mm.tasks.classification import ClassroomKDLoss

    student, mentors, labels = example()
    lesson = lesson_of(tiny, student, mentors, labels, filtering=False)
    value = ClassroomKDLoss(loss_weight=1 / 3)(student, mentors, lesson).sum()
    average = torch.stack([(logits / TAU).softmax(1) for logits in mentors]).mean(0)
    log_q = (student / TAU).log_softmax(1)
    expected = TAU**2 * (average * (average.log() - log_q)).sum(1).mean()
    torch.testing.assert_close(
        *torch.autograd.grad(value, student), *torch.autograd.grad(expected, student)
    )
    assert value > expected


def test_standardized_logits(tiny):
    from classroomkd_mm.tasks.classification import ClassroomKDLoss

    student, mentors, labels = example()
    lesson = lesson_of(tiny, student, mentors, labels, filtering=False)
    value = ClassroomKDLoss(standardize=3.0)(student, mentors, lesson)
    for mentor, found in zip(mentors, value, strict=True):
        terms = []
        for ours, theirs in zip(numbers(student), numbers(mentor), strict=True):
            ours, theirs = (3 * (x - x.mean()) / x.std() for x in (ours, theirs))
            terms.append(kl(theirs, ours, TAU))
        assert found.item() == pytest.approx(np.mean(terms), rel=1e-9)


@few
@given(st.integers(0, 2**20), st.floats(0.1, 100), st.floats(-50, 50))
def test_scale_and_shift_of_logits_do_not_matter_once_standardized(seed, scale, shift):
    logits = example(seed)[1][0]
    torch.testing.assert_close(
        standardize_logits(scale * logits + shift, 2.0), standardize_logits(logits, 2.0)
    )


def test_equal_logits_have_a_gradient_when_standardized():
    logits = torch.zeros(2, CLASSES, requires_grad=True)
    standardize_logits(logits, 3.0).square().sum().backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='ClassroomKDLoss', standardize=3.0),
        dict(type='AverageLogitsKDLoss'),
    ],
    ids=str,
)
def test_what_needs_a_softmax_is_refused_for_sigmoids(tiny, loss):
    sigmoids = tiny.net(loss=dict(type='CrossEntropyLoss', use_sigmoid=True))
    sigmoids['head']['type'] = 'MultiLabelLinearClsHead'
    with pytest.raises(ValueError, match=r'softmax.*sigmoid for each class'):
        tiny.build_classroom(
            architecture=sigmoids, distiller=dict(distill_losses=dict(loss=loss))
        )


@pytest.mark.parametrize('value', [0, -1.0, math.nan])
def test_a_deviation_that_is_none(tiny, value):
    loss = dict(type='ClassroomKDLoss', standardize=value)
    with pytest.raises(ValueError, match=r'standardize='):
        tiny.build_classroom(distiller=dict(distill_losses=dict(loss=loss)))
