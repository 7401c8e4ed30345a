# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Steps 2 and 3 of docs/method.md: rank the classroom, filter the mentors."""

from typing import NamedTuple

import torch
from torch import Tensor

from .checks import check_choice, check_decimals
from .processes import sum_over_processes

LEVELS = ('sample', 'batch')


class Ranking(NamedTuple):
    """Result of the Knowledge Filter for a batch.

    Attributes:
        log_scores (Tensor): (n+1, N), student first: the scores that were ranked.
            At the batch level they are the same for every sample.
        ranks (Tensor): (n+1, N), student first; they sum to n on each sample.
        active (Tensor): Bool (n, N): whether the mentor teaches this sample.
        weights (Tensor): (n, N): the mentor's rank if it is active, else 0.
        filtering (bool): False if the filter is off; W is then 1.
    """

    log_scores: Tensor
    ranks: Tensor
    active: Tensor
    weights: Tensor
    filtering: bool = True


def pool_over_batch(log_scores: Tensor) -> Tensor:
    """Average every member's log-scores over the global batch.

    The average of a member is taken over the samples on which its score is finite.
    In distributed training, sums and counts are reduced over all processes, so the
    number of processes does not change the result.

    Source: docs/method.md, "Levels".

    Args:
        log_scores (Tensor): (members, N).

    Returns:
        Tensor: (members, N), constant along N; -inf for a member without a finite
        score.
    """
    finite = log_scores.isfinite()
    totals = torch.stack(
        [
            log_scores.masked_fill(~finite, 0).sum(dim=1),
            finite.sum(dim=1).to(log_scores.dtype),
        ]
    )
    sums, counts = sum_over_processes(totals)
    means = torch.where(counts > 0, sums / counts.clamp(min=1), -torch.inf)
    return means[:, None].expand_as(log_scores)


def rank_members(log_scores: Tensor, rank_decimals: int | None = None) -> Tensor:
    """Rank the members of a classroom: n times their share of the scores.

    The shares are a softmax over the log-scores, because the scores themselves can
    underflow.

    Source: docs/method.md, step 2.

    Args:
        log_scores (Tensor): (n+1, N).
        rank_decimals (int, optional): Decimals to which the shares are rounded; the
            authors' released code uses 2. Defaults to None: no rounding.

    Returns:
        Tensor: Ranks (n+1, N).
    """
    shares = log_scores.softmax(dim=0)
    if rank_decimals is not None:
        shares = shares.round(decimals=rank_decimals)
    return (len(log_scores) - 1) * shares


@torch.no_grad()
def filter_mentors(
    log_scores: Tensor,
    level: str = 'sample',
    rank_decimals: int | None = None,
    filtering: bool = True,
) -> Ranking:
    """Let only those mentors teach that do at least as well as the student.

    With filtering off, every member has rank 1, so each mentor teaches every sample
    with weight 1 and gap 0. A mentor whose score is -inf (its output is NaN or
    infinite) never teaches.

    Source: docs/method.md, steps 2 and 3, "Levels", "Ablations".

    Args:
        log_scores (Tensor): (n+1, N), student first.
        level (str): 'sample' ranks per sample, 'batch' over the global batch.
        rank_decimals (int, optional): See :func:`rank_members`.
        filtering (bool): False switches the filter off.

    Returns:
        Ranking: Scores, ranks, activity and weights.

    Raises:
        TypeError: If ``rank_decimals`` has the wrong type.
        ValueError: If the level is unknown or ``rank_decimals`` is negative.
    """
    check_choice('level', level, LEVELS)
    check_decimals('rank_decimals', rank_decimals)
    valid = log_scores[1:] > -torch.inf
    if level == 'batch':
        log_scores = pool_over_batch(log_scores)
    if filtering:
        ranks = rank_members(log_scores, rank_decimals)
    else:
        ranks = torch.ones_like(log_scores)
    # Unrounded ranks order as the log-scores do, which do not underflow to a tie.
    compared = log_scores if filtering and rank_decimals is None else ranks
    active = (compared[1:] >= compared[:1]) & valid
    return Ranking(log_scores, ranks, active, ranks[1:] * active, filtering)
