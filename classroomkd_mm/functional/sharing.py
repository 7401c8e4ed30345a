# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Step 3 of docs/method.md, "Weights": how the active mentors share the teaching."""

import torch
from torch import Tensor

WEIGHTS = ('rank', 'uniform', 'confidence')


def share_teaching(
    ranks: Tensor, log_scores: Tensor, active: Tensor, weights: str = 'rank'
) -> Tensor:
    """Weigh the active mentors of each sample.

    All but 'rank' sum to n on every sample that has an active mentor.

    Source: docs/method.md, step 3, "Weights"; 'confidence' is CA-MKD, arXiv 2201.00007.

    Args:
        ranks (Tensor): Of the n mentors, (n, N).
        log_scores (Tensor): Of the n mentors on each sample, (n, N).
        active (Tensor): Bool (n, N).
        weights (str): 'rank' is the mentor's rank, 'uniform' an equal share of n,
            'confidence' see :func:`confidence_weights`.

    Returns:
        Tensor: (n, N), 0 where the mentor is inactive.
    """
    if weights == 'confidence':
        return confidence_weights(log_scores, active)
    if weights == 'rank':
        return ranks * active
    return len(ranks) * active.to(ranks.dtype) / active.sum(dim=0).clamp(min=1)


def confidence_weights(log_scores: Tensor, active: Tensor) -> Tensor:
    """Weigh the active mentors as CA-MKD does: the worst of them weighs least.

    n · (1 - softmax over the active mentors of the loss) / (number of them - 1). A
    single active mentor weighs n.

    Source: CA-MKD, arXiv 2201.00007, with weights that sum to n in the place of 1.

    Args:
        log_scores (Tensor): Of the n mentors on each sample, (n, N); the loss is minus
            the log-score.
        active (Tensor): Bool (n, N).

    Returns:
        Tensor: (n, N), 0 where the mentor is inactive.
    """
    doubt = (-log_scores).masked_fill(~active, -torch.inf).softmax(dim=0)
    others = active.sum(dim=0) - 1
    trust = torch.where(others > 0, 1 - doubt, 1)
    return len(active) * torch.where(active, trust, 0) / others.clamp(min=1)
