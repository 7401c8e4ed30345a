# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""How well a member of a classroom does on a few batches."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..mentors.mentor import Mentor
from ..tasks.inputs import InputAdapter
from .chance import Scored, Standing, score_with_swaps, standing, swaps

LOWEST_SKILL = 0.1
"""Share of what chance gets wrong that a member near chance gets right at most."""


class Mark(NamedTuple):
    """How well a member does.

    Attributes:
        standing (Standing): Compared with chance.
        scores (Tensor): Its log-scores (N,).
        accuracy (float | None): The share of right answers, if the task has such.
        swapped_accuracy (float | None): The same for the targets of other samples.
    """

    standing: Standing
    scores: Tensor
    accuracy: float | None
    swapped_accuracy: float | None

    @property
    def value(self) -> float:
        """float: The accuracy, else the mean score; from 0 to 1."""
        return self.score if self.accuracy is None else self.accuracy

    @property
    def score(self) -> float:
        """float: The mean score: a probability, or the OKS."""
        return float(self.scores.exp().mean())

    @property
    def near_chance(self) -> bool:
        """bool: Whether the member knows hardly more than chance."""
        if self.accuracy is None:
            return self.standing.at_chance
        wrong = max(1 - self.swapped_accuracy, 1e-6)
        skill = (self.accuracy - self.swapped_accuracy) / wrong
        return self.standing.at_chance or skill < LOWEST_SKILL

    def __str__(self) -> str:
        """Write the value as it is usual."""
        if self.accuracy is None:
            return f'{self.score:.3f}'
        return f'{100 * self.accuracy:.1f} %'


def answers(
    member: Mentor, batches: Sequence[Mapping[str, Any]], adapter: InputAdapter = None
) -> list[Any]:
    """Run a member.

    Args:
        member (Mentor): The member.
        batches (Sequence[Mapping]): ``inputs`` and ``data_samples`` of each.
        adapter (InputAdapter, optional): Defaults to the member's own.

    Returns:
        list: An output in the student's form for each batch.
    """
    with _wearing(member, adapter or member.adapter):
        return [member(data['inputs'], data['data_samples']) for data in batches]


@torch.no_grad()
def mark(
    classroom: nn.Module,
    index: int,
    outputs: Sequence[Any],
    batches: Sequence[Mapping[str, Any]],
) -> Mark:
    """Mark the answers of a member.

    Args:
        classroom (ClassroomDistill): The classroom.
        index (int): Which mentor it is, from 1; 0 is the student.
        outputs (Sequence[Any]): Its output for each batch.
        batches (Sequence[Mapping]): The batches.

    Returns:
        Mark: The mark.
    """
    scored, hits, swapped_hits = [], [], []
    for output, data in zip(outputs, batches, strict=True):
        samples = data['data_samples']
        scored.append(_score(classroom, index, output, samples))
        hits.append(classroom.task.hits(output, samples))
        if hits[-1] is not None:
            swapped_hits += [classroom.task.hits(output, s) for s in swaps(samples)]
    whole = Scored(*(torch.cat(parts, dim=1) for parts in zip(*scored, strict=True)))
    return Mark(
        standing=standing(whole, 1, whole.own[0]),
        scores=whole.own[1],
        accuracy=float(torch.cat(hits).mean()) if swapped_hits else None,
        swapped_accuracy=(
            float(torch.cat(swapped_hits).mean()) if swapped_hits else None
        ),
    )


def _score(classroom: nn.Module, index: int, output: Any, samples: Any) -> Scored:
    """Score a guess and a member; a scorer asks for the outputs of all mentors."""
    guess = classroom.task.guess(classroom.student, output)
    number = len(classroom.mentors)
    first, others = (guess, [output] * number) if index else (output, [guess] * number)
    scored = score_with_swaps(classroom.distiller.scorer, first, others, samples)
    rows = [0, index] if index else [1, 0]
    return Scored(*(part[rows] for part in scored))


@contextmanager
def _wearing(member: Mentor, adapter: InputAdapter) -> Iterator[None]:
    """Give a member another adapter for a while."""
    own, shape = member.adapter, member.image_shape
    member.adapter, member.image_shape = adapter, None
    try:
        yield
    finally:
        member.adapter = own
        member.image_shape = shape or member.image_shape
