# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Each method beside the student alone and beside the best baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .results import Results
from .statistics import Difference, classes_improved, difference
from .suite import Suite


@dataclass(frozen=True)
class Row:
    """What the page says of a method.

    Attributes:
        results (Results): What was measured.
        values (dict[int, float]): The metric that decides, by seed.
        to_alone (Difference | None): From the student alone.
        to_baseline (Difference | None): From the best baseline.
        improved (tuple[int, int] | None): In how many classes it is better than the
            student alone, and of how many.
    """

    results: Results
    values: dict[int, float]
    to_alone: Difference | None
    to_baseline: Difference | None
    improved: tuple[int, int] | None

    @property
    def mean(self) -> float:
        """float: The mean over the seeds; -inf without any."""
        return float(np.mean(list(self.values.values()))) if self.values else -np.inf


def compare(suite: Suite, results: Sequence[Results]) -> list[Row]:
    """Compare the methods of a suite.

    Args:
        suite (Suite): The suite.
        results (Sequence[Results]): What was measured.

    Returns:
        list[Row]: The best mean first, methods without results last.
    """
    alone = next((r for r in results if r.method.kind == 'alone'), None)
    baseline = best_baseline(suite, results)
    rows = [_row(suite, r, alone, baseline) for r in results]
    return sorted(rows, key=lambda row: -row.mean)


def best_baseline(suite: Suite, results: Sequence[Results]) -> Results | None:
    """Find the baseline with the highest mean, on the seeds that most have.

    Args:
        suite (Suite): The suite.
        results (Sequence[Results]): What was measured.

    Returns:
        Results | None: The baseline; None if no baseline has results.
    """
    measured = [r for r in results if r.method.kind == 'baseline' and r.records]
    most = max((len(r.records) for r in measured), default=0)
    complete = [r for r in measured if len(r.records) == most]
    return max(
        complete,
        key=lambda r: np.mean(list(r.values(suite).values())),
        default=None,
    )


def _row(
    suite: Suite, results: Results, alone: Results | None, baseline: Results | None
) -> Row:
    """Compare one method."""
    values = results.values(suite)

    def to(other: Results | None) -> Difference | None:
        if other is None or other is results:
            return None
        return difference(values, other.values(suite))

    improved = None
    if alone is not None and alone is not results:
        improved = classes_improved(*_by_class(results, alone))
    return Row(results, values, to(alone), to(baseline), improved)


def _by_class(ours: Results, theirs: Results) -> list[list[list[float]]]:
    """Take the values of the classes on the seeds that both have."""
    shared = sorted(
        seed
        for seed in set(ours.records) & set(theirs.records)
        if ours.records[seed].get('by_class') and theirs.records[seed].get('by_class')
    )
    return [[r.records[seed]['by_class'] for seed in shared] for r in (ours, theirs)]
