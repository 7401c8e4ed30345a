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


def compare(
    suite: Suite, results: Sequence[Results]
) -> tuple[list[Row], Results | None]:
    """Compare the methods of a suite.

    Args:
        suite (Suite): The suite.
        results (Sequence[Results]): What was measured.

    Returns:
        tuple[list[Row], Results | None]: The methods, the best mean first and those
        without results last, and the best baseline.
    """
    alone = next((r for r in results if r.method.kind == 'alone'), None)
    baseline = best_baseline(suite, results)
    rows = [_row(suite, r, alone, baseline) for r in results]
    return sorted(rows, key=lambda row: -row.mean), baseline


def best_baseline(suite: Suite, results: Sequence[Results]) -> Results | None:
    """Find the best baseline, without comparing means of different seeds.

    It is that with the highest mean among those with the most seeds. One with other
    seeds takes its place if the interval of its difference to that one, on the seeds
    that both have, is above zero.

    Args:
        suite (Suite): The suite.
        results (Sequence[Results]): What was measured.

    Returns:
        Results | None: The baseline; None if no baseline has results.
    """
    measured = [r for r in results if r.method.kind == 'baseline' and r.records]
    if not measured:
        return None
    most = max((set(r.records) for r in measured), key=len)
    complete = [r for r in measured if set(r.records) == most]
    best = max(complete, key=lambda r: np.mean(list(r.values(suite).values())))

    def lead(other: Results) -> float:
        found = difference(other.values(suite), best.values(suite))
        return found.mean if found and found.low > 0 else 0.0

    return max([best, *measured], key=lead)


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
