# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Whether a mentor knows more of a batch than chance.

Two questions are asked, and only a mentor that fails both is at chance:

1. Is its mean log-score better than that of a guess that knows nothing?
2. Do its answers fit their own samples better than other samples of the batch?

A weak mentor passes the first, an overconfident one the second. A mentor with another
class order, or one that answers the same whatever it sees, passes neither.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

MOST_ROLLS = 8
"""How many other samples each answer is compared with."""
LOWEST = -1e3
"""Log-score that stands for -inf, which a mean could not show."""
ENOUGH_ERRORS = 1.0
"""By how many standard errors an answer must fit its own sample better."""
FEWEST_SAMPLES = 8


class Scored(NamedTuple):
    """Log-scores of the members of a classroom.

    Attributes:
        own (Tensor): (members, N).
        swapped (Tensor): (members, N), the mean for the same outputs and the targets
            of other samples.
        finite (Tensor): Bool (members, N): whether there is a score.
    """

    own: Tensor
    swapped: Tensor
    finite: Tensor


class Standing(NamedTuple):
    """How a member does compared with chance.

    Attributes:
        score (float): Its mean log-score.
        guess (float): That of a guess.
        swapped (float): Its own, for the targets of other samples.
        errors (float): Difference of score and swapped, in standard errors.
        samples (int): Number of samples.
        invalid (int): Samples for which it gives NaN or infinite numbers.
    """

    score: float
    guess: float
    swapped: float
    errors: float
    samples: int
    invalid: int

    @property
    def at_chance(self) -> bool:
        """bool: Whether the member knows no more than chance, as far as can be told."""
        informed = self.score > self.guess + 1e-6 or self.errors > ENOUGH_ERRORS
        return self.samples >= FEWEST_SAMPLES and not informed


def score_with_swaps(
    scorer: Callable,
    first: Any,
    others: Sequence[Any],
    data_samples: Sequence[BaseDataElement],
) -> Scored:
    """Score outputs with their own targets, and with those of other samples.

    Args:
        scorer (Scorer): The classroom's.
        first (Any): Output of the student, or of whoever takes its place.
        others (Sequence[Any]): The mentors' outputs, all of them, in order.
        data_samples (Sequence[BaseDataElement]): N samples with targets.

    Returns:
        Scored: On the CPU; without other samples, swapped is own.
    """

    def scores(samples: Sequence[BaseDataElement]) -> Tensor:
        log_scores, _ = scorer(first, others, samples)
        return log_scores.float().cpu()

    own = scores(data_samples)
    swapped = torch.stack([scores(samples) for samples in swaps(data_samples)])
    return Scored(_bounded(own), _bounded(swapped).mean(dim=0), own.isfinite())


def swaps(
    data_samples: Sequence[BaseDataElement],
) -> list[list[BaseDataElement]]:
    """Give every sample of a batch the place of another one, in several ways.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples.

    Returns:
        list[list[BaseDataElement]]: Lists of N samples; a single sample stays.
    """
    samples = list(data_samples)
    rolls = torch.linspace(1, len(samples) - 1, MOST_ROLLS).round().int().tolist()
    rolls = sorted({roll for roll in rolls if roll > 0}) or [0]
    return [samples[roll:] + samples[:roll] for roll in rolls]


def _bounded(log_scores: Tensor) -> Tensor:
    """Replace what a mean could not show."""
    return log_scores.nan_to_num(LOWEST, neginf=LOWEST).clamp(min=LOWEST)


def standing(scored: Scored, member: int, guess: Tensor) -> Standing:
    """Compare a member with chance.

    Args:
        scored (Scored): The scores of all members.
        member (int): Its row.
        guess (Tensor): The log-scores of a guess (N,).

    Returns:
        Standing: Its standing.
    """
    own, swapped = scored.own[member], scored.swapped[member]
    difference = (own - swapped).double()
    error = difference.std(correction=0) / max(len(own), 1) ** 0.5
    errors = difference.mean() / error if error > 0 else torch.sign(difference.mean())
    return Standing(
        score=float(own.mean()),
        guess=float(guess.mean()),
        swapped=float(swapped.mean()),
        errors=float(errors),
        samples=len(own),
        invalid=int((~scored.finite[member]).sum()),
    )
