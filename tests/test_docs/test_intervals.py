# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The intervals in the text are those of two rows of the runs in docs/results."""

import re
from functools import cache
from itertools import permutations
from statistics import fmean, stdev

import pytest
from published_runs import RESULTS, published
from scipy.stats import t

from classroomkd_mm.benchmark.statistics import difference

NUMBER = r'([+-]?\d+\.\d\d)'
INTERVAL = rf'{NUMBER} \[{NUMBER}, {NUMBER}\]'
# Each page says of these that they are of another machine, or of several files.
OTHERS = {
    'cifar100.md': {
        '+1.80 [+1.16, +2.28]', '+1.51 [-0.71, +3.96]', '+1.05 [+0.68, +1.42]',
    },
    'demo.md': {
        '+3.63 [+1.94, +5.27]', '+3.18 [+1.58, +5.52]', '+3.09 [+1.96, +4.27]',
        '-1.69 [-3.36, -0.48]',
    },
    'lsp.md': {'+0.14 [-0.16, +0.49]'},
    'stick_figures.md': set(),
    '../benchmark.md': set(),
    '../../README.md': {'+0.14 [-0.16, +0.49]'},
}  # fmt: skip


@cache
def pairs():
    """Each two rows of a suite on the seeds that they share, or the first of these.

    With the mean of their difference.
    """
    found = []
    for suite in published().values():
        for ours, theirs in permutations(suite.values(), 2):
            shared = sorted(ours.keys() & theirs.keys())
            for n in {2, 3, 5, len(shared)} & set(range(2, len(shared) + 1)):
                pair = [
                    {seed: row[seed] for seed in shared[:n]} for row in (ours, theirs)
                ]
                found.append((fmean(values_of(*pair)), *pair))
    return found


def values_of(ours, theirs):
    """The differences by seed."""
    return [ours[seed] - theirs[seed] for seed in ours]


def bootstrapped(ours, theirs):
    """The interval as in the tables."""
    return difference(ours, theirs)[1:3]


def student(ours, theirs):
    """Student's t-interval."""
    values = values_of(ours, theirs)
    half = t.ppf(0.975, len(values) - 1) * stdev(values) / len(values) ** 0.5
    return fmean(values) - half, fmean(values) + half


def is_of_runs(mean, low, high):
    """Whether two rows have this difference; `mean [low, high] behind` has no sign."""
    return any(
        (low, high) == pytest.approx(interval(ours, theirs), abs=0.00501)
        for found, ours, theirs in pairs()
        if abs(found - mean) < 0.00501
        for interval in (bootstrapped, student)
    )


@pytest.mark.parametrize('page', OTHERS)
def test_intervals_are_of_runs(page):
    text = (RESULTS / page).read_text()
    if page.endswith('README.md'):  # what it prints before is of other runs
        text = text.split('\n## What it gains\n')[1].split('\n## ')[0]
    text = ' '.join(b for b in text.split('\n\n') if '| by seed |' not in b)
    intervals = {
        match[0]: tuple(map(float, match.groups()))
        for match in re.finditer(INTERVAL, re.sub(r'\s+', ' ', text))
    }
    unknown = {text for text, values in intervals.items() if not is_of_runs(*values)}
    assert unknown == OTHERS[page]
