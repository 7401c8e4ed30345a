# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Step 1 of docs/method.md, Score, for keypoints: heatmaps and SimCC vectors.

The functions process one member at a time, to avoid stacking all heatmaps, and return
one number for each of the N samples and K keypoints.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...functional import all_finite, at_least_float32

HEATMAP_SCORES = ('oks', 'likelihood', 'task_loss')
DEFAULT_SIGMA = 0.05  # for datasets without sigmas
# A person covers about 0.53 of its box, and the crop enlarges the box by 1.25 along
# each axis: 0.53 / 1.25² of the map.
PERSON_AREA = 0.34
SMALLEST_OKS = 1e-6


def heatmap_log_scores(
    members: Sequence[Tensor],
    targets: Tensor,
    counted: Tensor,
    score: str = 'oks',
    sigmas: Tensor | None = None,
    sharpness: float = 1.0,
    scale: float = 1e-3,
) -> Tensor:
    """Compute the log-scores of pose models with heatmaps.

    Source: docs/method.md, "Pose".

    Args:
        members (Sequence[Tensor]): n+1 tensors of heatmaps (N, K, H, W), student
            first.
        targets (Tensor): Target heatmaps (N, K, H, W).
        counted (Tensor): Bool (n+1, N, K), see :func:`counted_points`.
        score (str): One of ``HEATMAP_SCORES``.
        sigmas (Tensor, optional): (K,), for 'oks'. Defaults to 0.05 each.
        sharpness (float): For 'likelihood': factor of the maps before their spatial
            softmax.
        scale (float): For 'task_loss': mean squared error that reduces the score by a
            factor of e.

    Returns:
        Tensor: (n+1, N), float32 or wider; -inf where a member's maps contain a NaN
        or infinite value, 0 for a sample without counted keypoints.
    """
    if score == 'oks':
        truth, size = peak_positions(targets), targets.shape[-2:]
        points = [
            keypoint_similarity(peak_positions(maps), truth, size, sigmas)
            for maps in members
        ]
    elif score == 'likelihood':
        points = [heatmap_log_likelihood(maps, targets, sharpness) for maps in members]
    else:
        points = [-heatmap_squared_error(maps, targets) / scale for maps in members]
    log_scores = average_points(torch.stack(points), counted)
    if score == 'oks':
        log_scores = log_scores.clamp(min=SMALLEST_OKS).log()
    finite = torch.stack([all_finite(maps.flatten(1)) for maps in members])
    return settle_log_scores(log_scores, counted, finite)


def simcc_log_scores(
    members: Sequence[tuple[Tensor, Tensor]],
    targets: tuple[Tensor, Tensor],
    counted: Tensor,
    sigmas: Tensor | None = None,
) -> Tensor:
    """Compute the log-scores of pose models with SimCC heads: OKS, with bins as unit.

    Source: docs/method.md, "Pose".

    Args:
        members (Sequence[tuple[Tensor, Tensor]]): n+1 pairs of x logits
            (N, K, W) and y logits (N, K, H), student first.
        targets (tuple[Tensor, Tensor]): Target vectors of the same shapes.
        counted (Tensor): Bool (n+1, N, K), see :func:`counted_points`.
        sigmas (Tensor, optional): (K,). Defaults to 0.05 each.

    Returns:
        Tensor: (n+1, N), as in :func:`heatmap_log_scores`.
    """
    size = (targets[1].shape[-1], targets[0].shape[-1])
    truth = simcc_positions(targets)
    points = [
        keypoint_similarity(simcc_positions(pair), truth, size, sigmas)
        for pair in members
    ]
    oks = average_points(torch.stack(points), counted)
    finite = torch.stack(
        [all_finite(torch.cat(pair, dim=-1).flatten(1)) for pair in members]
    )
    return settle_log_scores(oks.clamp(min=SMALLEST_OKS).log(), counted, finite)


def placed_points(visible: Tensor, *targets: Tensor) -> Tensor:
    """Select the keypoints that have a position in the sample.

    A keypoint can have a positive weight but an empty target, which means that it is
    absent.

    Source: docs/method.md, "Pose", keypoints that count.

    Args:
        visible (Tensor): Bool (N, K): keypoints with a positive weight.
        *targets (Tensor): Heatmaps (N, K, H, W), or vectors along x (N, K, W) and y
            (N, K, H).

    Returns:
        Tensor: Bool (N, K).
    """
    for target in targets:
        visible = visible & (target.flatten(2).amax(dim=-1) > 0)
    return visible


def counted_points(visible: Tensor, taught: Tensor) -> Tensor:
    """Select the keypoints that count for each member.

    Args:
        visible (Tensor): Bool (N, K): keypoints by which the sample can be scored.
        taught (Tensor): Bool (n, K): keypoints that each mentor predicts.

    Returns:
        Tensor: Bool (n+1, N, K), student first; for the student all visible keypoints
        count.
    """
    return torch.cat([visible[None], visible & taught[:, None]])


def point_weights(counted: Tensor) -> Tensor:
    """Compute the weights that average a mentor's loss over the keypoints.

    Args:
        counted (Tensor): Bool (n+1, N, K), student first.

    Returns:
        Tensor: Float32 (n, N, K); they sum to 1 over K, or are all 0.
    """
    mentors = counted[1:].float()
    return mentors / mentors.sum(dim=-1, keepdim=True).clamp(min=1)


def average_points(values: Tensor, counted: Tensor) -> Tensor:
    """Average over the keypoints that count.

    Args:
        values (Tensor): (members, N, K).
        counted (Tensor): Bool (members, N, K).

    Returns:
        Tensor: (members, N); 0 where no keypoint counts.
    """
    return values.masked_fill(~counted, 0).sum(-1) / counted.sum(-1).clamp(min=1)


def settle_log_scores(log_scores: Tensor, counted: Tensor, finite: Tensor) -> Tensor:
    """Set the log-scores that cannot be computed.

    A sample without a counted keypoint is neutral: all members score 0 (a factor of 1).
    A mentor that predicts none of a sample's keypoints gets the student's score, so
    that it ranks neither above nor below the student. A member with a NaN or infinite
    output scores -inf.

    Args:
        log_scores (Tensor): (members, N), student first.
        counted (Tensor): Bool (members, N, K).
        finite (Tensor): Bool (members, N).

    Returns:
        Tensor: (members, N).
    """
    measured = counted.any(dim=-1)
    student = log_scores[:1].masked_fill(~measured[:1], 0)
    log_scores = torch.where(measured, log_scores, student)
    return log_scores.masked_fill(~finite, -torch.inf)


def keypoint_similarity(
    positions: Tensor,
    truth: Tensor,
    size: Sequence[int],
    sigmas: Tensor | None = None,
) -> Tensor:
    """Compute the terms of OKS: exp(-d² / (2 · A · (2σ)²)).

    Source: docs/method.md, "Pose", after COCO's keypoint evaluation.

    Args:
        positions (Tensor): (N, K, 2), x and y in cells of the map.
        truth (Tensor): (N, K, 2).
        size (Sequence[int]): Height and width of the map, from which the area A of the
            person is estimated.
        sigmas (Tensor, optional): (K,). Defaults to 0.05 each.

    Returns:
        Tensor: (N, K), from 0 to 1.
    """
    if sigmas is None:
        sigmas = positions.new_full(positions.shape[-2:-1], DEFAULT_SIGMA)
    area = PERSON_AREA * size[0] * size[1]
    distances = (positions - truth).square().sum(dim=-1)
    return torch.exp(-distances / (2 * area * (2 * sigmas).square()))


def peak_positions(maps: Tensor) -> Tensor:
    """Find the position of the maximum of every heatmap.

    Args:
        maps (Tensor): (N, K, H, W).

    Returns:
        Tensor: (N, K, 2), float32, x and y in cells.
    """
    index, width = maps.flatten(-2).argmax(dim=-1), maps.shape[-1]
    return torch.stack([index % width, index // width], dim=-1).float()


def simcc_positions(pair: tuple[Tensor, Tensor]) -> Tensor:
    """Find the position of the maximum of every SimCC vector.

    Args:
        pair (tuple[Tensor, Tensor]): x (N, K, W) and y (N, K, H).

    Returns:
        Tensor: (N, K, 2), float32, x and y in bins.
    """
    return torch.stack([axis.argmax(dim=-1) for axis in pair], dim=-1).float()


def peaks_of(output: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[int, int]]:
    """Find the positions that an output or a target gives.

    Args:
        output (Tensor | tuple[Tensor, Tensor]): Heatmaps (N, K, H, W), or SimCC vectors
            of x (N, K, W) and of y (N, K, H).

    Returns:
        tuple: Positions (N, K, 2), float32, x and y in cells; height and width.
    """
    if isinstance(output, Tensor):
        return peak_positions(output), tuple(output.shape[-2:])
    return simcc_positions(output), (output[1].shape[-1], output[0].shape[-1])


def heatmap_log_likelihood(
    maps: Tensor, targets: Tensor, sharpness: float = 1.0
) -> Tensor:
    """Compute the negative KL divergence of a member's maps from the targets.

    Source: docs/method.md, "Pose", 'likelihood'.

    Args:
        maps (Tensor): (N, K, H, W).
        targets (Tensor): (N, K, H, W), not negative.
        sharpness (float): Factor of ``maps``.

    Returns:
        Tensor: -KL(normalised target ‖ spatial softmax of the map), (N, K); 0 if the
        target is empty.
    """
    targets = at_least_float32(targets).flatten(-2)
    tiny = torch.finfo(targets.dtype).tiny
    targets = targets / targets.sum(dim=-1, keepdim=True).clamp(min=tiny)
    logits = (sharpness * at_least_float32(maps)).flatten(-2)
    divergence = F.kl_div(logits.log_softmax(dim=-1), targets, reduction='none')
    return -divergence.sum(dim=-1)


def heatmap_squared_error(maps: Tensor, others: Tensor) -> Tensor:
    """Compute the mean squared error of every map.

    Args:
        maps (Tensor): (N, K, H, W).
        others (Tensor): (N, K, H, W).

    Returns:
        Tensor: (N, K), float32 or wider.
    """
    difference = at_least_float32(maps) - at_least_float32(others)
    return difference.square().flatten(-2).mean(dim=-1)
