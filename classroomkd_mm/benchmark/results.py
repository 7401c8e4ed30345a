# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What the runs of a comparison have measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .method import Method
from .plan import FAILURE, Plan
from .record import is_finished, read_record
from .suite import Suite


@dataclass(frozen=True)
class Results:
    """The results of a method.

    Attributes:
        method (Method): The method.
        records (Mapping[int, Mapping]): What the finished runs left, by seed.
        failures (Mapping[int, str]): Last lines of the runs that failed, by seed.
    """

    method: Method
    records: Mapping[int, Mapping[str, Any]]
    failures: Mapping[int, str] = field(default_factory=dict)

    def values(self, suite: Suite, metric: str = '') -> dict[int, float]:
        """Take a metric from the records.

        Args:
            suite (Suite): Which has the factors.
            metric (str): Its name in the log; the one that decides if it is empty.

        Returns:
            dict[int, float]: By seed, multiplied by the factor of the metric.
        """
        metric = metric or suite.metric
        factor = suite.metrics[metric].get('factor', 1)
        return {
            seed: factor * record['metrics'][metric]
            for seed, record in sorted(self.records.items())
        }

    def mean(self, entry: str) -> float | None:
        """Average an entry of the records.

        Args:
            entry (str): Such as 'seconds_per_iteration'.

        Returns:
            float | None: The mean over the seeds; None if no run has it, or if those
            that have it ran on different devices and do not agree.
        """
        having = [r for r in self.records.values() if r.get(entry) is not None]
        values = [record[entry] for record in having]
        devices = {record['device'] for record in having}
        if not values or (len(devices) > 1 and len(set(values)) > 1):
            return None
        return sum(values) / len(values)


def collect(plan: Plan, elsewhere: Sequence[Path] = ()) -> list[Results]:
    """Read the results of all methods.

    Args:
        plan (Plan): The plan.
        elsewhere (Sequence[Path]): Folders of the same suite, for what is not in the
            plan's own.

    Returns:
        list[Results]: In the order of the plan.
    """
    roots = [plan.out, *elsewhere]
    results = []
    for method in plan.methods:
        records: dict[int, Any] = {}
        failures: dict[int, str] = {}
        for seed in plan.seeds:
            folders = [root / 'runs' / method.name / f'seed{seed}' for root in roots]
            done = next(filter(is_finished, folders), None)
            failed = folders[0] / FAILURE
            if done:
                records[seed] = read_record(done)
            elif failed.is_file():
                failures[seed] = failed.read_text(encoding='utf-8')
        results.append(Results(method, records, failures))
    return results
