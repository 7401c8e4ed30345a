# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Differences are paired over seeds, and a verdict needs an interval clear of zero."""

import numpy as np
import pytest

from classroomkd_mm.benchmark.statistics import BY_CHANCE, classes_improved, difference


def by_seed(*values):
    return dict(enumerate(values))


def test_what_all_seeds_share_does_not_count():
    """Seeds differ by 10, the methods always by about 1: that is clear."""
    theirs = by_seed(10, 20, 30, 40, 50)
    ours = by_seed(11.1, 20.9, 31, 41.2, 50.8)
    found = difference(ours, theirs)
    assert found.mean == pytest.approx(1.0)
    assert 0.8 <= found.low < found.mean < found.high <= 1.2
    assert found.verdict == 'ahead'
    assert difference(theirs, ours).verdict == 'behind'
    assert difference(theirs, ours).low == pytest.approx(-found.high)


def test_an_interval_that_holds_zero_decides_nothing():
    found = difference(by_seed(11, 19, 31), by_seed(10, 20, 30))
    assert found.low < 0 < found.high
    assert found.verdict == 'undecided'


def test_only_seeds_that_both_have_are_compared():
    found = difference({0: 5.0, 1: 6.0, 2: 7.0, 9: 100.0}, {0: 1, 1: 2, 2: 3, 8: 50})
    assert (found.mean, found.low, found.high, found.seeds) == (4, 4, 4, 3)
    assert difference({0: 1.0}, {1: 1.0}) is None


@pytest.mark.parametrize('seeds', [1, 2])
def test_few_seeds_decide_nothing(seeds):
    found = difference(by_seed(*[9.0] * seeds), by_seed(*[1.0] * seeds))
    assert found.mean == 8
    assert found.verdict == 'undecided'


def test_the_interval_is_that_of_scipy_and_the_same_each_time():
    rng = np.random.default_rng(1)
    ours = by_seed(*rng.normal(1, 1, 8))
    theirs = by_seed(*rng.normal(0, 1, 8))
    first, again = difference(ours, theirs), difference(ours, theirs)
    assert first == again
    spread = np.std([ours[k] - theirs[k] for k in ours]) / np.sqrt(8)
    assert first.high - first.low == pytest.approx(2 * 1.96 * spread, rel=0.1)


@pytest.mark.parametrize(('seeds', 'share'), BY_CHANCE.items())
def test_how_often_chance_decides(seeds, share):
    """The share itself is of 2,000 trials; with 400 it is within two errors."""
    trials = np.random.default_rng(0).normal(size=(400, seeds))
    zero = by_seed(*np.zeros(seeds))
    verdicts = [difference(by_seed(*trial), zero).verdict for trial in trials]
    decided = 1 - verdicts.count('undecided') / len(trials)
    assert decided == pytest.approx(share, abs=2 * np.sqrt(share * (1 - share) / 400))


def test_classes_that_improve():
    alone = [[10, 20, 30], [20, 20, 30]]
    assert classes_improved([[16, 19, 31], [16, 20, 30]], alone) == (2, 3)
    assert classes_improved([], []) is None
