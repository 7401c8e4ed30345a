# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Step 5 of METHOD.md, Teach: the divergence between mentors and student."""

from collections.abc import Sequence

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
    """One mentor's distillation terms, not weighted.

    τ_m · τ_s · KL( softmax(l_m / τ_m) ‖ softmax(l_s / τ_s) ), summed over the last
    dimension; with τ_m = τ_s that is the τ² · KL of the method.

    Source: METHOD.md, step 5.

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
    """The distillation loss of every mentor; their sum is the classroom's.

    Source: METHOD.md, step 5: (1/N) Σ_i active · r · KD; "Pose" for key points.

    Args:
        student_logits (Tensor): (N, C) or, for K key points, (N, K, C), with
            gradient.
        mentor_logits (Sequence[Tensor]): n tensors like the student's. Where a
            mentor is not active its values may be anything, also NaN.
        ranking (Ranking): Activity and weights (n, N).
        temperatures (Temperatures): (n, N).
        point_weights (Tensor, optional): (n, N, K), summing to 1 over K or all 0:
            the terms of the key points are averaged with them.

    Returns:
        Tensor: (n,), with a graph to the student also where it is 0.
    """
    losses = []
    per_sample = (-1,) + (1,) * (student_logits.ndim - 1)
    for index, logits in enumerate(mentor_logits):
        # 0 · NaN is NaN: what does not teach must not enter the product.
        logits = logits.masked_fill(~ranking.active[index].view(per_sample), 0)
        terms = distillation_terms(
            student_logits,
            logits,
            temperatures.student[index],
            temperatures.mentor[index],
        )
        if point_weights is not None:
            terms = (terms * point_weights[index]).sum(dim=1)
        losses.append((ranking.weights[index] * terms).sum())
    return torch.stack(losses) / max(len(student_logits), 1)
