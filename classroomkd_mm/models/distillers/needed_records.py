# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Which mentors run for their records only, so that they can stop early."""

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from ...classroom import MentorLoss


def needed_records(
    losses: Iterable[nn.Module],
    mappings: Iterable[Mapping[str, Mapping[str, Any]]],
    recorders: Mapping[str, Mapping],
    task_weight: str,
) -> dict[str, dict[str, int]]:
    """Find the mentors whose outputs nobody reads, and what of them is read.

    A lesson is planned from the outputs of all mentors. It is needed by a MentorLoss,
    and by W where it depends on scores.

    Source: docs/mmrazor_losses.md, "Mentors that stop early".

    Args:
        losses (Iterable[nn.Module]): The distillation losses.
        mappings (Iterable[Mapping]): Their mappings to records.
        recorders (Mapping[str, Mapping]): Recorders by name, by name of the mentor.
        task_weight (str): How W is set.

    Returns:
        dict[str, dict[str, int]]: By name of such a mentor, how many records each of
        its recorders must have.
    """
    if task_weight != 'constant' or any(isinstance(x, MentorLoss) for x in losses):
        return {}
    needed: dict[str, dict[str, int]] = {}
    whole = set()
    for record in (each for mapping in mappings for each in mapping.values()):
        if record['from_student']:
            continue
        mentor, name = record['mentor'], record['recorder']
        index = record.get('record_idx', 0)
        if index < 0 or name not in recorders.get(mentor, ()):
            whole.add(mentor)  # counted from the end, or its output
        counts = needed.setdefault(mentor, {})
        counts[name] = max(counts.get(name, 0), index + 1)
    return {name: counts for name, counts in needed.items() if name not in whole}
