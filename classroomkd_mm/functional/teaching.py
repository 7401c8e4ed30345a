# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Step 5 of docs/method.md, Teach: the divergence between mentors and student."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .filtering import Ranking
from .pacing import Temperatures
from .scoring import at_least_float32

Divergence = Callable[[Tensor, Tensor], Tensor]
"""From the logits of student and mentor, at their temperatures, to what separates
the distributions that they stand for, without the last dimension."""


def softmax_divergence(student_logits: Tensor, mentor_logits: Tensor) -> Tensor:
    """KL( softmax(mentor) ‖ softmax(student) ): one of the classes is true.

    Source: docs/method.md, step 5.

    Args:
        student_logits (Tensor): (N, …, C), with gradient.
        mentor_logits (Tensor): (N, …, C), finite.

    Returns:
        Tensor: (N, …).
    """
    student = F.log_softmax(student_logits, dim=-1)
    mentor = F.softmax(mentor_logits, dim=-1)
    return F.kl_div(student, mentor, reduction='none').sum(dim=-1)


def bernoulli_divergence(student_logits: Tensor, mentor_logits: Tensor) -> Tensor:
    """KL between sigmoids, summed over the classes: each is true or not by itself.

    Source: docs/method.md, step 5, "Sigmoid heads".

    Args:
        student_logits (Tensor): (N, …, C), with gradient.
        mentor_logits (Tensor): (N, …, C), finite.

    Returns:
        Tensor: (N, …).
    """
    # A sigmoid is the softmax of a logit beside 0.
    student, mentor = (
        torch.stack([logits, torch.zeros_like(logits)], dim=-1)
        for logits in (student_logits, mentor_logits)
    )
    return softmax_divergence(student, mentor).sum(dim=-1)


def distillation_terms(
    student_logits: Tensor,
    mentor_logits: Tensor,
    student_tau: Tensor,
    mentor_tau: Tensor,
    divergence: Divergence = softmax_divergence,
) -> Tensor:
    """Compute the unweighted distillation terms of one mentor, or of several.

    τ_m · τ_s · KL( softmax(l_m / τ_m) ‖ softmax(l_s / τ_s) ), summed over the last
    dimension; with τ_m = τ_s this is the τ² · KL of the method.

    Source: docs/method.md, step 5.

    Args:
        student_logits (Tensor): (N, …, C), with gradient.
        mentor_logits (Tensor): (N, …, C) or, for n mentors, (n, N, …, C), finite.
        student_tau (Tensor): (N,) or (n, N).
        mentor_tau (Tensor): (N,) or (n, N).
        divergence (Callable): What stands in the place of the KL of softmaxes.

    Returns:
        Tensor: (N, …) or (n, N, …), float32 or wider.
    """
    ones = (1,) * (student_logits.ndim - 1)
    student_tau, mentor_tau = (
        tau.view(*tau.shape, *ones) for tau in (student_tau, mentor_tau)
    )
    terms = divergence(
        at_least_float32(student_logits) / student_tau,
        at_least_float32(mentor_logits) / mentor_tau,
    )
    return (student_tau * mentor_tau).squeeze(-1) * terms


def mentor_losses(
    student_logits: Tensor,
    mentor_logits: Sequence[Tensor],
    ranking: Ranking,
    temperatures: Temperatures,
    point_weights: Tensor | None = None,
    divergence: Divergence = softmax_divergence,
) -> Tensor:
    """Compute the distillation loss of every mentor; the total loss is their sum.

    Source: docs/method.md, step 5: (1/N) Σ_i active · r · KD; "Pose" for keypoints.

    Args:
        student_logits (Tensor): (N, C) or, for K keypoints, (N, K, C), with
            gradient.
        mentor_logits (Sequence[Tensor]): n tensors like the student's. Values of an
            inactive mentor are ignored, even if they are NaN.
        ranking (Ranking): Activity and weights (n, N).
        temperatures (Temperatures): (n, N).
        point_weights (Tensor, optional): (n, N, K), summing to 1 over K or all 0:
            weights for averaging the terms of the keypoints, for logits (N, K, C).
        divergence (Callable): Compares student and mentor, see
            :func:`distillation_terms`.

    Returns:
        Tensor: (n,), connected to the student's graph even where it is 0.
    """

    def terms(index: int | slice, logits: Tensor) -> Tensor:
        return distillation_terms(
            student_logits,
            logits,
            temperatures.student[index],
            temperatures.mentor[index],
            divergence,
        )

    if point_weights is not None:  # maps, of which several would take much memory
        return weigh_terms(terms, mentor_logits, ranking, point_weights)
    # Few numbers: on a GPU, starting an operator takes longer than the operator.
    logits = torch.stack([at_least_float32(each) for each in mentor_logits])
    all_terms = terms(slice(None), logits.masked_fill(~ranking.active[..., None], 0))
    return (ranking.weights * all_terms).sum(dim=1) / max(len(student_logits), 1)


def weigh_terms(
    divergence: Callable[[int, Tensor], Tensor],
    mentor_outputs: Sequence[Tensor],
    ranking: Ranking,
    point_weights: Tensor | None = None,
) -> Tensor:
    """Weight the divergence from each mentor by the ranks of the lesson.

    Source: docs/method.md, step 5: (1/N) Σ_i active · r · KD.

    Args:
        divergence (Callable): Maps a mentor's index and output to terms (N,), or
            (N, K) for K keypoints, with gradient. The output is set to zero where
            the mentor is inactive, so the terms are finite.
        mentor_outputs (Sequence[Tensor]): n tensors (N, …). Values of an inactive
            mentor are ignored, even if they are NaN.
        ranking (Ranking): Activity and weights (n, N).
        point_weights (Tensor, optional): (n, N, K), summing to 1 over K or all 0:
            weights for averaging the terms of the keypoints.

    Returns:
        Tensor: (n,), connected to the student's graph even where it is 0.
    """
    losses = []
    for index, output in enumerate(mentor_outputs):
        # 0 · NaN is NaN, so values of inactive mentors must not enter the product.
        idle = ~ranking.active[index].view(-1, *(1,) * (output.ndim - 1))
        terms = divergence(index, output.masked_fill(idle, 0))
        if point_weights is not None:
            terms = (terms * point_weights[index]).sum(dim=1)
        losses.append((ranking.weights[index] * terms).sum())
    return torch.stack(losses) / max(ranking.weights.shape[1], 1)
