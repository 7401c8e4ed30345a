# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Steps 2 and 3 of docs/method.md: rank the classroom, filter the mentors."""

from typing import NamedTuple

import torch
from torch import Tensor

from .checks import check_choice, check_decimals, check_number
from .processes import sum_over_processes
from .sharing import WEIGHTS, share_teaching

LEVELS = ('sample', 'batch')
FILTERING = (True, False, 'soft')


class Ranking(NamedTuple):
    """Result of the Knowledge Filter for a batch.

    Attributes:
        log_scores (Tensor): (n+1, N), student first: the scores that were ranked.
            At the batch level they are the same for every sample.
        ranks (Tensor): (n+1, N), student first; they sum to n on each sample.
        active (Tensor): Bool (n, N): whether the mentor teaches this sample.
        weights (Tensor): (n, N): how much the mentor teaches, by default its rank; 0
            if it is inactive.
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
    sums, counts = sum_over_processes(
        torch.stack(
            [
                log_scores.masked_fill(~finite, 0).sum(dim=1),
                finite.sum(dim=1).to(log_scores.dtype),
            ]
        )
    )
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


def check_filtering(
    level: str,
    rank_decimals: int | None,
    filtering: bool | str,
    slack: float,
    weights: str,
) -> None:
    """Check the options of the Knowledge Filter.

    Args:
        level (str): One of ``LEVELS``.
        rank_decimals (int, optional): Number of decimals.
        filtering (bool | str): One of ``FILTERING``.
        slack (float): In log-score.
        weights (str): One of ``WEIGHTS``.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If an option is unknown or out of range, or has no effect beside
            the others.
    """
    check_choice('level', level, LEVELS)
    check_decimals('rank_decimals', rank_decimals)
    check_choice('filtering', filtering, FILTERING)
    check_number('slack', slack)
    check_choice('weights', weights, WEIGHTS)
    if slack and (not filtering or filtering == 'soft'):
        raise ValueError(
            f'slack={slack!r} belongs to the filter, but filtering={filtering!r} lets '
            'every mentor teach. Remove one of them.'
        )
    if slack and rank_decimals is not None:
        raise ValueError(
            f'slack={slack!r} is in log-score, but rank_decimals={rank_decimals!r} '
            'compares rounded ranks. Remove one of them.'
        )


@torch.no_grad()
def filter_mentors(
    log_scores: Tensor,
    level: str = 'sample',
    rank_decimals: int | None = None,
    filtering: bool | str = True,
    slack: float = 0.0,
    weights: str = 'rank',
) -> Ranking:
    """Let only those mentors teach that do at least as well as the student.

    With filtering off, every member has rank 1, so each mentor teaches every sample
    with weight 1 and gap 0. A mentor whose score is -inf (its output is NaN or
    infinite) never teaches.

    Source: docs/method.md, steps 2 and 3, "Levels", "Ablations", "Options beyond the
    paper".

    Args:
        log_scores (Tensor): (n+1, N), student first.
        level (str): 'sample' ranks per sample, 'batch' over the global batch.
        rank_decimals (int, optional): See :func:`rank_members`.
        filtering (bool | str): False switches the filter off; 'soft' multiplies the
            weight of every mentor by σ(1 + log w_m - log w_s).
        slack (float): How far, in log-score, a mentor may be behind the student.
        weights (str): How the active mentors share the teaching, see
            :func:`~classroomkd_mm.functional.sharing.share_teaching`.

    Returns:
        Ranking: Scores, ranks, activity and weights.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If an option is unknown, out of range, or without effect.
    """
    check_filtering(level, rank_decimals, filtering, slack, weights)
    on_sample, valid = log_scores[1:], log_scores[1:] > -torch.inf
    if level == 'batch':
        log_scores = pool_over_batch(log_scores)
    if filtering:
        ranks = rank_members(log_scores, rank_decimals)
    else:
        ranks = torch.ones_like(log_scores)
    if filtering and filtering != 'soft':
        # Unrounded ranks order as the log-scores do, which do not underflow to a tie.
        compared = log_scores if rank_decimals is None else ranks
        active = (compared[1:] >= compared[:1] - slack) & valid
    else:
        active = valid
    shared = share_teaching(ranks[1:], on_sample, active, weights)
    if filtering == 'soft':
        lead = (log_scores[1:] - log_scores[:1]).masked_fill(~active, 0)
        shared = shared * torch.sigmoid(1 + lead)
    return Ranking(log_scores, ranks, active, shared, bool(filtering))
