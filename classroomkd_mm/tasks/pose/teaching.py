# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Step 5 of docs/method.md, Teach, for keypoints: heatmaps and SimCC vectors."""

from collections.abc import Sequence

from torch import Tensor

from ...functional import (
    Ranking,
    Temperatures,
    at_least_float32,
    mentor_losses,
    weigh_terms,
)
from .scoring import heatmap_squared_error


def heatmap_mentor_losses(
    student_maps: Tensor,
    mentor_maps: Sequence[Tensor],
    ranking: Ranking,
    temperatures: Temperatures,
    point_weights: Tensor,
    sharpness: float,
) -> Tensor:
    """Compute the loss of every mentor: KL divergence of spatial softmaxes.

    Source: docs/method.md, step 5 and "Pose".

    Args:
        student_maps (Tensor): (N, K, H, W), with gradient.
        mentor_maps (Sequence[Tensor]): n tensors like the student's.
        ranking (Ranking): Activity and weights (n, N).
        temperatures (Temperatures): (n, N).
        point_weights (Tensor): (n, N, K), summing to 1 over K or all 0.
        sharpness (float): Factor of the maps before the softmax.

    Returns:
        Tensor: (n,), connected to the student's graph even where it is 0.
    """
    student, *mentors = (
        sharpness * at_least_float32(maps).flatten(-2)
        for maps in (student_maps, *mentor_maps)
    )
    return mentor_losses(student, mentors, ranking, temperatures, point_weights)


def simcc_mentor_losses(
    student_pair: tuple[Tensor, Tensor],
    mentor_pairs: Sequence[tuple[Tensor, Tensor]],
    ranking: Ranking,
    temperatures: Temperatures,
    point_weights: Tensor,
    sharpness: float,
) -> Tensor:
    """Compute the loss of every mentor: mean of the KL divergences in x and y.

    Source: docs/method.md, step 5 and "Pose".

    Args:
        student_pair (tuple[Tensor, Tensor]): x (N, K, W) and y (N, K, H), with
            gradient.
        mentor_pairs (Sequence[tuple[Tensor, Tensor]]): n pairs like the student's.
        ranking (Ranking): Activity and weights (n, N).
        temperatures (Temperatures): (n, N).
        point_weights (Tensor): (n, N, K), summing to 1 over K or all 0.
        sharpness (float): Factor of the logits before the softmax.

    Returns:
        Tensor: (n,), connected to the student's graph even where it is 0.
    """
    losses = []
    for axis in (0, 1):
        student, *mentors = (
            sharpness * at_least_float32(pair[axis])
            for pair in (student_pair, *mentor_pairs)
        )
        losses.append(
            mentor_losses(student, mentors, ranking, temperatures, point_weights)
        )
    return (losses[0] + losses[1]) / 2


def heatmap_mse_losses(
    student_maps: Tensor,
    mentor_maps: Sequence[Tensor],
    ranking: Ranking,
    point_weights: Tensor,
) -> Tensor:
    """Compute the loss of every mentor: mean squared error of the heatmaps.

    Source: the pose distillation loss of Fast Pose Distillation, arXiv 1811.05419;
    weighted as in docs/method.md, step 5.

    Args:
        student_maps (Tensor): (N, K, H, W), with gradient.
        mentor_maps (Sequence[Tensor]): n tensors like the student's.
        ranking (Ranking): Activity and weights (n, N).
        point_weights (Tensor): (n, N, K), summing to 1 over K or all 0.

    Returns:
        Tensor: (n,), connected to the student's graph even where it is 0.
    """

    def divergence(_: int, maps: Tensor) -> Tensor:
        return heatmap_squared_error(student_maps, maps)

    return weigh_terms(divergence, mentor_maps, ranking, point_weights)
