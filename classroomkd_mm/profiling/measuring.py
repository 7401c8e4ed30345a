# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Measuring one classroom."""

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from .batches import make_batch
from .epochs import make_epochs
from .memory import file_size, peak, weights_of
from .models import make_classroom, make_models
from .recipes import Classroom
from .steps import look, together, training_step
from .timing import describe_machine, median_ratio, take_turns

TIME_RATIOS = dict(
    fast_off_over_bare=('fast_off', 'bare'),
    fast_on_over_bare=('fast_on', 'bare'),
    one_mentor_over_mmrazor=('one_mentor', 'mmrazor'),
    warm_cache_over_student=('warm_cache', 'student_loading'),
    warm_cache_over_channels_last=('warm_cache', 'student_channels_last_loading'),
    channels_last_over_student=('student_channels_last', 'student'),
    warm_cache_speedup=('no_cache', 'warm_cache'),
)
"""The two variants that each ratio of times compares."""

MEBI = 2**20


class Effort(NamedTuple):
    """How much is measured.

    Attributes:
        repeats (int): How often each variant takes its turn.
        batch_size (int): Samples of a batch.
        batches (int): Batches of an epoch, where data are loaded.
        mentors (Sequence[int]): How often the first mentor is to teach.
    """

    repeats: int
    batch_size: int
    batches: int
    mentors: Sequence[int]


def measure(name: str, classroom: Classroom, effort: Effort) -> dict[str, Any]:
    """Measure one classroom, on the GPU if there is one.

    Args:
        name (str): Its name.
        classroom (Classroom): The recipe.
        effort (Effort): How much is measured.

    Returns:
        dict: ``name``; ``machine``, see :func:`describe_machine`; ``batch_size``;
        ``seconds`` of an iteration (median) and ``mebibytes`` at its peak, by variant;
        ``student_mebibytes``, of the weights of the student; ``ratios``.
    """
    machine = describe_machine()
    with tempfile.TemporaryDirectory() as folder:
        measured = _measure(classroom, effort, Path(folder))
    return dict(name=name, machine=machine, batch_size=effort.batch_size, **measured)


def _measure(classroom: Classroom, effort: Effort, folder: Path) -> dict[str, Any]:
    """Measure in a folder."""
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    batch = make_batch(classroom, effort.batch_size, device)
    models = make_models(classroom, device)
    mentors = list(models['fast_off'].mentors)
    steps = {key: training_step(model, *batch) for key, model in models.items()}
    looks = [look(mentor, *batch) for mentor in mentors]
    sizes = {key: file_size(models[key]) for key in ('student', 'fast_on')}
    loading, epochs = make_epochs(
        classroom, models, effort.batch_size, effort.batches, effort.repeats + 1, folder
    )
    models |= {key: loading[key] for key in ('student_loading', 'warm_cache')}
    memory = {
        key: weights_of(model) + peak((steps | epochs)[key])
        for key, model in models.items()
    }
    bound = memory['student'] + sum(map(weights_of, mentors)) + max(map(peak, looks))
    steps['bare'] = together(steps['student'], *looks)
    for count, model in repeated_mentors(classroom, effort.mentors, device):
        steps[f'mentors_{count}'] = training_step(model, *batch)
    times = take_turns(steps | epochs, effort.repeats)
    for key in epochs:
        times[key] = [seconds / effort.batches for seconds in times[key]]
    ratios = dict(
        checkpoint_over_student=sizes['fast_on'] / sizes['student'],
        memory_over_bound=memory['fast_on'] / bound,
        warm_memory_over_student=memory['warm_cache'] / memory['student_loading'],
    )
    for key, (variant, reference) in TIME_RATIOS.items():
        ratios[key] = median_ratio(times[variant], times[reference])
    return dict(
        seconds={key: statistics.median(values) for key, values in times.items()},
        ratios=ratios,
        mebibytes={key: size / MEBI for key, size in memory.items()},
        student_mebibytes=weights_of(models['student']) / MEBI,
    )


def repeated_mentors(
    classroom: Classroom, counts: Sequence[int], device: torch.device
) -> Iterator[tuple[int, nn.Module]]:
    """Build classrooms of the first mentor alone, again and again.

    Args:
        classroom (Classroom): The recipe.
        counts (Sequence[int]): How many mentors.
        device (torch.device): Where they train.

    Yields:
        tuple[int, nn.Module]: The number of mentors, and the classroom.
    """
    first = classroom.mentors[0]
    for count in counts:
        mentors = {f'm{number}': first for number in range(count)}
        yield count, make_classroom(classroom, mentors, device)
