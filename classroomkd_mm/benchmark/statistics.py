# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""How far two methods differ, paired over seeds."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95
FEWEST_SEEDS = 3
"""With fewer, chance alone puts all differences on one side too often."""
BY_CHANCE = {3: 0.24, 5: 0.16, 10: 0.10}
"""By seeds: how often methods that do not differ get another verdict than undecided.

Of 2,000 comparisons each, the differences drawn from a normal distribution around zero.
It would be 0.05 if the bootstrap's interval of few differences were not too narrow.
"""


class Difference(NamedTuple):
    """How far a method is ahead of another one.

    Attributes:
        mean (float): The mean difference over the seeds that both have.
        low (float): The lower end of its interval.
        high (float): The upper end.
        seeds (int): The number of seeds.
    """

    mean: float
    low: float
    high: float
    seeds: int

    @property
    def verdict(self) -> str:
        """str: 'ahead', 'behind' or 'undecided'."""
        if self.seeds < FEWEST_SEEDS or self.low <= 0 <= self.high:
            return 'undecided'
        return 'ahead' if self.low > 0 else 'behind'


def difference(
    ours: Mapping[int, float], theirs: Mapping[int, float]
) -> Difference | None:
    """Compare two methods on the seeds that both have.

    Source: the percentile bootstrap of scipy.stats.bootstrap, over the differences.

    Args:
        ours (Mapping[int, float]): A metric by seed.
        theirs (Mapping[int, float]): The same of the other method.

    Returns:
        Difference | None: With an interval of 95 %; None without a common seed. With
        one seed, the interval is everything.
    """
    shared = sorted(set(ours) & set(theirs))
    if not shared:
        return None
    values = np.array([ours[seed] - theirs[seed] for seed in shared])
    if len(values) == 1:
        return Difference(float(values[0]), -np.inf, np.inf, 1)
    low, high = _interval(values)
    return Difference(float(values.mean()), low, high, len(values))


def _interval(values: np.ndarray) -> tuple[float, float]:
    """Bootstrap an interval for a mean."""
    from scipy.stats import bootstrap

    interval = bootstrap(
        (values,),
        np.mean,
        confidence_level=CONFIDENCE,
        method='percentile',
        random_state=np.random.default_rng(0),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def classes_improved(
    ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]
) -> tuple[int, int] | None:
    """Count the classes in which a method is better than another one.

    Args:
        ours (Sequence[Sequence[float]]): For each seed a value for each class.
        theirs (Sequence[Sequence[float]]): The same of the other method.

    Returns:
        tuple[int, int] | None: The number of classes whose mean is higher, and the
        number of classes; None without values.
    """
    if not len(ours) or not len(theirs):
        return None
    higher = np.mean(ours, axis=0) > np.mean(theirs, axis=0)
    return int(higher.sum()), len(higher)
