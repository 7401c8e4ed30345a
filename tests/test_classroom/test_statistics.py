# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The sums behind the log, compared with an example counted by hand."""

import math

import pytest
import torch

from classroomkd_mm.functional import filter_mentors, pace_mentors


@pytest.fixture(scope='module')
def lessons(tiny):
    from classroomkd_mm import functional as lesson
    from classroomkd_mm.classroom import statistics

    return lesson, statistics


def lesson_of(lessons, scores, tau_max=10):
    lesson, _ = lessons
    log_scores = torch.tensor(scores).log()
    ranking = filter_mentors(log_scores)
    temperatures = pace_mentors(ranking, None, (), 'gap', tau_max)
    invalid = log_scores == -math.inf
    return lesson.Lesson(ranking, temperatures, torch.tensor(1.0), invalid)


def test_means_of_two_batches(lessons):
    _, statistics = lessons
    # Student, and two mentors of which the second is worse or broken.
    one = lesson_of(lessons, [[0.2, 0.4], [0.4, 0.8], [0.1, 0.0]])
    two = lesson_of(lessons, [[0.5], [0.25], [0.5]])
    sums = statistics.lesson_sums(one, torch.tensor([3.0, 0.0]), [True] * 2)
    sums = sums + statistics.lesson_sums(two, torch.tensor([0.0, 6.0]), [True] * 2)
    described = statistics.describe(sums.tolist(), 3, ['good', 'weak'])

    student = described['student']
    assert student['score'] == pytest.approx(1.1 / 3)
    ranks = (0.2 / 0.7 + 0.4 / 1.2 + 0.5 / 1.25) * 2 / 3
    assert student['rank'] == pytest.approx(ranks)
    good, weak = described['mentors']['good'], described['mentors']['weak']
    assert good['score'] == pytest.approx((0.4 + 0.8 + 0.25) / 3)
    assert good['taught'] == pytest.approx(2 / 3)
    assert good['temperature'] == pytest.approx(1 + 10 * 0.5)
    assert good['loss'] == pytest.approx(3.0 * 2 / 3)
    # Where a mentor teaches, its weight is its rank.
    assert good['weight'] == pytest.approx((0.4 / 0.7 + 0.8 / 1.2) * 2 / 3)
    assert weak['weight'] == pytest.approx(0.5 / 1.25 * 2 / 3)
    assert good['invalid'] == 0
    assert weak['taught'] == pytest.approx(1 / 3)
    assert weak['temperature'] == pytest.approx(1)
    assert weak['loss'] == pytest.approx(6.0 / 3)
    assert weak['invalid'] == 1
    total = student['rank'] + good['rank'] + weak['rank']
    assert total == pytest.approx(2)


def test_mentor_that_never_teaches_has_no_temperature(lessons):
    _, statistics = lessons
    sums = statistics.lesson_sums(
        lesson_of(lessons, [[0.5, 0.5], [0.2, 0.2]]), torch.zeros(1), [True]
    )
    described = statistics.describe(sums.tolist(), 2, ['weak'])
    assert described['mentors']['weak']['temperature'] is None
    assert described['mentors']['weak']['taught'] == 0


def test_a_mentor_without_an_output_is_not_counted(lessons):
    _, statistics = lessons
    one = lesson_of(lessons, [[0.5, 0.5], [0.8, 0.6]])
    off = one._replace(ranking=filter_mentors(one.ranking.log_scores, filtering=False))
    absent = statistics.lesson_sums(off, torch.zeros(1), [False])
    described = statistics.describe(absent.tolist(), 2, ['late'])['mentors']['late']
    assert described['score'] is described['rank'] is None
    assert described['taught'] == 0
    both = absent + statistics.lesson_sums(off, torch.zeros(1), [True])
    described = statistics.describe(both.tolist(), 4, ['late'])['mentors']['late']
    assert described['score'] == pytest.approx(0.7)
    assert described['rank'] == 1
    assert described['taught'] == 0.5


def test_names_that_do_not_fit_are_an_error(lessons):
    _, statistics = lessons
    sums = statistics.lesson_sums(
        lesson_of(lessons, [[0.5], [0.2]]), torch.zeros(1), [True]
    )
    with pytest.raises(ValueError):
        statistics.describe(sums.tolist(), 1, ['a', 'b'])
