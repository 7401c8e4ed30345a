# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Other inputs that a mentor may have been trained on."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import nn

from ..mentors.mentor import Mentor
from ..tasks.inputs import InputAdapter, Normalization
from ..tasks.network_input import input_size

# For pixel values from 0 to 255.
NORMALIZATIONS = {
    'values from 0 to 255': ([0.0] * 3, [1.0] * 3),
    'values from 0 to 1': ([0.0] * 3, [255.0] * 3),
    'values from -1 to 1': ([127.5] * 3, [127.5] * 3),
    "ImageNet's mean and std": ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375]),
}
SIZES = (32, 64, 224)


class Trial(NamedTuple):
    """A change of a mentor's entry.

    Attributes:
        reason (str): What may be wrong.
        remedy (str): The option.
        adapter (InputAdapter): Makes the input that follows from it.
    """

    reason: str
    remedy: str
    adapter: InputAdapter


def channel_order_trial(classroom: nn.Module, mentor: Mentor) -> Trial | None:
    """Swap the channels.

    Args:
        classroom (ClassroomDistill): The classroom.
        mentor (Mentor): One of its mentors.

    Returns:
        Trial | None: None if the order of its channels is not known or has no meaning;
        the mentor must have seen images already.
    """
    ours, theirs = mentor.adapter.normalizations
    if ours is None or theirs is None or mentor.image_shape[0] != 3:
        return None
    swapped = theirs._replace(swaps_channels=not theirs.swaps_channels)
    remedy = f'data_preprocessor=dict({_order(mentor, swapped)})'
    adapter = _adapter(classroom, mentor, swapped, mentor.adapter.size)
    return Trial('channel order', remedy, adapter)


def input_trials(classroom: nn.Module, mentor: Mentor) -> Iterator[Trial]:
    """Change channel order, normalization and size of a mentor's input.

    Args:
        classroom (ClassroomDistill): The classroom.
        mentor (Mentor): One of its mentors.

    Yields:
        Trial: One change after the other, the simplest first.
    """
    swap = channel_order_trial(classroom, mentor)
    if swap is not None:
        yield swap
    yield from _normalization_trials(classroom, mentor)
    yield from _size_trials(classroom, mentor)


def _normalization_trials(classroom: nn.Module, mentor: Mentor) -> Iterator[Trial]:
    """Try the usual means and standard deviations, in both channel orders."""
    ours, theirs = mentor.adapter.normalizations
    if ours is None or theirs is None or not ours.given:
        return
    candidates = {
        name: theirs._replace(mean=_channels(mean), std=_channels(std))
        for name, (mean, std) in NORMALIZATIONS.items()
    }
    candidates["the student's mean and std"] = theirs._replace(
        mean=ours.mean, std=ours.std
    )
    for (name, candidate), swap in product(candidates.items(), (False, True)):
        if _same(candidate, theirs):
            continue
        tried = candidate._replace(swaps_channels=theirs.swaps_channels != swap)
        mean, std = ([round(x, 3) for x in v.flatten().tolist()] for v in tried[:2])
        remedy = f'data_preprocessor=dict(mean={mean}, std={std}'
        remedy += f', {_order(mentor, tried)})' if swap else ')'
        reason = f'normalization ({name}{", other channel order" * swap})'
        adapter = _adapter(classroom, mentor, tried, mentor.adapter.size)
        yield Trial(reason, remedy, adapter)


def _size_trials(classroom: nn.Module, mentor: Mentor) -> Iterator[Trial]:
    """Try the student's size, and the one that the network was built for, or others."""
    built_for = input_size(mentor.network)
    sizes = [None, *([built_for] if built_for else [(n, n) for n in SIZES])]
    for size in sizes:
        if size in (mentor.adapter.size, tuple(mentor.image_shape[-2:])):
            continue
        theirs = mentor.adapter.normalizations[1]
        try:
            adapter = _adapter(classroom, mentor, theirs, size)
        except ValueError:  # the size of a pose model is that of its codec
            continue
        option = size[0] if size and size[0] == size[1] else size
        yield Trial('input size', f'input_size={option}', adapter)


def _adapter(
    classroom: nn.Module,
    mentor: Mentor,
    normalization: Normalization | None,
    size: tuple[int, int] | None,
) -> InputAdapter:
    """Build the adapter that a mentor would have."""
    ours = mentor.adapter.normalizations[0]
    adapter = classroom.task.adapt_input(
        mentor.name, ours, normalization, size, mentor.aligner
    )
    return adapter.to(next(classroom.student.parameters()).device)


def _order(mentor: Mentor, normalization: Normalization) -> str:
    """Write the channel order as the mentor's data preprocessor calls it."""
    preprocessor: Any = getattr(mentor.network, 'data_preprocessor', None)
    is_base = hasattr(preprocessor, '_channel_conversion')
    option = 'bgr_to_rgb' if is_base else 'to_rgb'
    return f'{option}={normalization.swaps_channels}'


def _channels(values: list[float]) -> torch.Tensor:
    """Shape a mean or standard deviation as Normalization has it."""
    return torch.tensor(values).view(-1, 1, 1)


def _same(one: Normalization, other: Normalization) -> bool:
    """Compare mean and std of two normalizations."""
    return torch.allclose(one.mean, other.mean.expand_as(one.mean)) and torch.allclose(
        one.std, other.std.expand_as(one.std)
    )
