# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Step 5 of docs/method.md, Teach: the divergence between mentors and student."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .filtering import Ranking
from .pacing import Temperatures
from .scoring import at_least_float32


def distillation_terms(
    student_logits: Tensor,
    mentor_logits: Tensor,
    student_tau: Tensor,
    mentor_tau: Tensor,
) -> Tensor:
    """Compute the unweighted distillation terms of one mentor.

    τ_m · τ_s · KL( softmax(l_m / τ_m) ‖ softmax(l_s / τ_s) ), summed over the last
    dimension; with τ_m = τ_s this is the τ² · KL of the method.

    Source: docs/method.md, step 5.

    Args:
        student_logits (Tensor): (N, …, C), with gradient.
        mentor_logits (Tensor): (N, …, C), finite.
        student_tau (Tensor): (N,).
        mentor_tau (Tensor): (N,).

    Returns:
        Tensor: (N, …), float32 or wider.
    """
    per_sample = (-1,) + (1,) * (student_logits.ndim - 1)
    student_tau, mentor_tau = student_tau.view(per_sample), mentor_tau.view(per_sample)
    student = F.log_softmax(at_least_float32(student_logits) / student_tau, dim=-1)
    mentor = F.softmax(at_least_float32(mentor_logits) / mentor_tau, dim=-1)
    divergence = F.kl_div(student, mentor, reduction='none').sum(dim=-1)
    return (student_tau * mentor_tau).squeeze(-1) * divergence


def mentor_losses(
    student_logits: Tensor,
    mentor_logits: Sequence[Tensor],
    ranking: Ranking,
    temperatures: Temperatures,
    point_weights: Tensor | None = None,
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
            weights for averaging the terms of the keypoints.

    Returns:
        Tensor: (n,), connected to the student's graph even where it is 0.
    """

    def divergence(index: int, logits: Tensor) -> Tensor:
        return distillation_terms(
            student_logits,
            logits,
            temperatures.student[index],
            temperatures.mentor[index],
        )

    return weigh_terms(divergence, mentor_logits, ranking, point_weights)


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
