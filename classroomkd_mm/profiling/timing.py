# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Timing variants of a step, so that what else the machine does falls on each."""

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import torch

from .steps import Step

Times = dict[str, list[float]]


def describe_machine() -> dict[str, Any]:
    """Say where, when and beside what something is timed.

    Returns:
        dict: ``device``, the name of the GPU or 'cpu'; ``cores`` of the CPU and
        ``threads`` of PyTorch; ``load``, the processes that ran in the last minute;
        ``date``, of UTC.
    """
    return dict(
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else 'cpu',
        cores=len(os.sched_getaffinity(0)),
        threads=torch.get_num_threads(),
        load=round(os.getloadavg()[0], 1),
        date=datetime.now(timezone.utc).date().isoformat(),
    )


def take_turns(steps: Mapping[str, Step], repeats: int) -> Times:
    """Time steps in turn, after one turn as warm-up.

    Args:
        steps (Mapping[str, Callable]): By variant.
        repeats (int): How many turns.

    Returns:
        dict[str, list[float]]: Seconds of each turn, by variant.
    """
    times: Times = {name: [] for name in steps}
    for _ in range(repeats + 1):
        for name, step in steps.items():
            times[name].append(seconds_of(step))
    return {name: values[1:] for name, values in times.items()}


def seconds_of(step: Step) -> float:
    """Time one call, with all that it leaves to a GPU.

    Args:
        step (Callable[[], None]): The call.

    Returns:
        float: Seconds.
    """
    _wait_for_gpu()
    start = time.perf_counter()
    step()
    _wait_for_gpu()
    return time.perf_counter() - start


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Compare two variants turn by turn.

    Args:
        ours (Sequence[float]): Seconds of each turn.
        theirs (Sequence[float]): Those of the same turns of the other one.

    Returns:
        float: The median of the ratios.
    """
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(our / their for our, their in pairs)


def _wait_for_gpu() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
