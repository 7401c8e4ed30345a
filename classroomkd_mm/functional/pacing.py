# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Step 4 of docs/method.md, Pace: a temperature for every mentor and sample."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .checks import check_number
from .filtering import Ranking
from .scoring import at_least_float32

MENTORING_MODES = ('gap', 'off', 'dtkd')
DTKD_TEMPERATURE = 4.0
# DTKD splits a temperature of 2T between mentor and student in proportion to their
# largest logits. Neither share falls below this, so no temperature reaches 0.
DTKD_SMALLEST_SHARE = 0.05


class Temperatures(NamedTuple):
    """Temperatures of a batch, (n, N), float32 or wider.

    Attributes:
        mentor (Tensor): Divides the mentor's logits.
        student (Tensor): Divides the student's logits when this mentor teaches;
            it differs from ``mentor`` only with DTKD.
    """

    mentor: Tensor
    student: Tensor


def check_mentoring(mentoring: str | float, tau_max: float) -> None:
    """Check the options of Mentoring.

    Args:
        mentoring (str | float): One of ``MENTORING_MODES`` or a temperature.
        tau_max (float): Largest increase of a temperature above 1.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If the mode is unknown, or a number is out of range.
    """
    check_number('tau_max', tau_max)
    if isinstance(mentoring, str):
        if mentoring not in MENTORING_MODES:
            modes = ', '.join(map(repr, MENTORING_MODES))
            raise ValueError(
                f'mentoring={mentoring!r} is unknown: choose one of {modes}, or a '
                'number for a fixed temperature.'
            )
    else:
        check_number('mentoring', mentoring, above=0)


def gap_temperatures(ranking: Ranking, tau_max: float) -> Tensor:
    """Raise the temperature of a mentor with its lead over the student.

    Source: docs/method.md, step 4.

    Args:
        ranking (Ranking): Ranks (n+1, N) and activity (n, N).
        tau_max (float): Largest increase of a temperature above 1.

    Returns:
        Tensor: 1 + tau_max · Δ, (n, N), where Δ = (r_m - r_s) / r_m for an active
        mentor and 0 for any other.
    """
    student, mentors = ranking.ranks[:1], ranking.ranks[1:]
    # An active mentor's rank is at least the student's. Both can be 0 if another
    # mentor scores far higher: the gap is then 0 as well.
    gap = (mentors - student) / mentors.clamp(min=torch.finfo(mentors.dtype).tiny)
    # A custom filter may activate a mentor that is behind: its gap is 0 as well.
    gap = torch.where(ranking.active, gap, 0).clamp(min=0)
    return 1 + tau_max * gap


def dtkd_temperatures(
    student_logits: Tensor, mentor_logits: Sequence[Tensor], active: Tensor
) -> Temperatures:
    """Split the temperature according to the sharpness of the logits (DTKD).

    τ_m = T · 2M_m / (M_m + M_s) and τ_s = T · 2M_s / (M_m + M_s), where M is the
    largest logit of a sample and T = 4.

    Source: arXiv 2404.12711; docs/method.md, "Ablations".

    Args:
        student_logits (Tensor): (N, …).
        mentor_logits (Sequence[Tensor]): n tensors (N, …).
        active (Tensor): Bool (n, N); for an inactive mentor τ_m = τ_s = T.

    Returns:
        Temperatures: Both (n, N).
    """
    largest = torch.stack(
        [_largest_logit(logits) for logits in (student_logits, *mentor_logits)]
    ).clamp(min=torch.finfo(torch.float32).eps)
    share = largest[1:] / (largest[1:] + largest[:1])
    share = torch.where(active, share, 0.5)
    share = share.clamp(DTKD_SMALLEST_SHARE, 1 - DTKD_SMALLEST_SHARE)
    return Temperatures(
        2 * DTKD_TEMPERATURE * share, 2 * DTKD_TEMPERATURE * (1 - share)
    )


def _largest_logit(logits: Tensor | Sequence[Tensor]) -> Tensor:
    """Largest logit of each sample, (N,), over all vectors if there are several."""
    if isinstance(logits, Tensor):
        return at_least_float32(logits).flatten(1).amax(dim=1)
    return torch.stack([_largest_logit(part) for part in logits]).amax(dim=0)


@torch.no_grad()
def pace_mentors(
    ranking: Ranking,
    student_logits: Tensor,
    mentor_logits: Sequence[Tensor],
    mentoring: str | float = 'gap',
    tau_max: float = 12.0,
) -> Temperatures:
    """Set the temperature of every mentor for every sample.

    Source: docs/method.md, step 4 and "Ablations".

    Args:
        ranking (Ranking): Result of :func:`filter_mentors`.
        student_logits (Tensor): (N, …); only used by 'dtkd'.
        mentor_logits (Sequence[Tensor]): n tensors (N, …); only used by 'dtkd'.
        mentoring (str | float): 'gap' (the method), 'off' (τ = 1), 'dtkd', or a
            number for a fixed temperature.
        tau_max (float): Largest increase of a temperature above 1, with 'gap'.

    Returns:
        Temperatures: (n, N) for mentors and student.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If an option has an invalid value.
    """
    check_mentoring(mentoring, tau_max)
    if mentoring == 'dtkd':
        return dtkd_temperatures(student_logits, mentor_logits, ranking.active)
    if mentoring == 'gap':
        taus = gap_temperatures(ranking, tau_max)
    else:
        fixed = 1.0 if mentoring == 'off' else float(mentoring)
        taus = torch.full_like(ranking.weights, fixed)
    return Temperatures(taus, taus)
