# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What may be done to logits before step 5 of docs/method.md compares them."""

from collections.abc import Sequence

from torch import Tensor

from .scoring import at_least_float32


def standardize_logits(logits: Tensor, deviation: float) -> Tensor:
    """Scale the logits of each sample to the mean 0 and a given standard deviation.

    The deviation is that of the sample's C logits (divided by C, not C - 1).

    Source: arXiv 2403.01427; docs/method.md, "Options beyond the paper".

    Args:
        logits (Tensor): (N, …, C), with or without gradient.
        deviation (float): The standard deviation afterwards.

    Returns:
        Tensor: (N, …, C), float32 or wider; zeros where all logits are equal.
    """
    logits = at_least_float32(logits)
    centred = logits - logits.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    # The root has no gradient at 0.
    return deviation * centred / (variance + 1e-12).sqrt()


def average_logits(logits: Sequence[Tensor], shares: Tensor) -> Tensor:
    """Average the logits of the mentors on each sample.

    Source: docs/method.md, "Baselines".

    Args:
        logits (Sequence[Tensor]): n tensors (N, C). Values with a share of 0 are
            ignored, even if they are NaN.
        shares (Tensor): (n, N).

    Returns:
        Tensor: (N, C), float32 or wider; zeros where all shares are 0.
    """
    return sum(
        share[:, None] * at_least_float32(each).masked_fill(share[:, None] == 0, 0)
        for share, each in zip(shares, logits, strict=True)
    )
