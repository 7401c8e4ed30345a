# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Measuring one classroom."""

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from .batches import make_batch
from .memory import file_size, peak, weights_of
from .models import make_classroom, make_models
from .recipes import Classroom
from .steps import look, together, training_step
from .timing import median_ratio, take_turns

RATIOS = dict(
    fast_off_over_bare=('fast_off', 'bare'),
    fast_on_over_bare=('fast_on', 'bare'),
    one_mentor_over_mmrazor=('one_mentor', 'mmrazor'),
)
"""The two variants that each ratio of times compares."""


def measure(
    name: str,
    classroom: Classroom,
    repeats: int,
    batch_size: int,
    mentor_counts: Sequence[int],
) -> dict[str, Any]:
    """Measure one classroom, on the GPU if there is one.

    Args:
        name (str): Its name.
        classroom (Classroom): The recipe.
        repeats (int): How often each variant takes its turn.
        batch_size (int): Samples.
        mentor_counts (Sequence[int]): How often the first mentor is to teach.

    Returns:
        dict: ``name``; ``seconds`` of a step (median) and ``mebibytes`` at its peak, by
        variant; ``ratios``.
    """
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    batch = make_batch(classroom, batch_size, device)
    models = make_models(classroom, device)
    mentors = list(models['fast_off'].mentors)
    steps = {key: training_step(model, *batch) for key, model in models.items()}
    looks = [look(mentor, *batch) for mentor in mentors]
    steps['bare'] = together(steps['student'], *looks)
    memory = {key: weights_of(models[key]) + peak(steps[key]) for key in models}
    bound = memory['student'] + sum(map(weights_of, mentors)) + max(map(peak, looks))
    sizes = {key: file_size(models[key]) for key in ('student', 'fast_on')}
    # After the memory: nothing else needs these.
    for count, model in repeated_mentors(classroom, mentor_counts, device):
        steps[f'mentors_{count}'] = training_step(model, *batch)
    times = take_turns(steps, repeats)
    ratios = dict(
        checkpoint_over_student=sizes['fast_on'] / sizes['student'],
        memory_over_bound=memory['fast_on'] / bound,
    )
    for key, (variant, reference) in RATIOS.items():
        ratios[key] = median_ratio(times[variant], times[reference])
    return dict(
        name=name,
        seconds={key: statistics.median(values) for key, values in times.items()},
        ratios=ratios,
        mebibytes={key: value / 2**20 for key, value in memory.items()},
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
        yield count, make_classroom(classroom, mentors).to(device)
