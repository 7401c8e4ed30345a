# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The keypoint order of a mentor, from its answers."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from ..nested import map_tensors
from ..tasks.pose.scoring import keypoint_similarity, peaks_of, placed_points


def find_keypoint_order(
    output: Any, data_samples: Sequence[BaseDataElement]
) -> tuple[list[int], Any, list[BaseDataElement]]:
    """Find the order of keypoints in which a mentor's answers fit the targets best.

    The order is found on half of the samples, so that the other half can judge it.

    Args:
        output (Tensor | tuple[Tensor, Tensor]): Heatmaps (N, K, H, W), or SimCC vectors
            of x (N, K, W) and y (N, K, H), in the assumed order.
        data_samples (Sequence[BaseDataElement]): N samples of MMPose with targets.

    Returns:
        tuple: For each keypoint the index of the mentor's; the output, in the assumed
        order, and the samples of the other half.

    Raises:
        ImportError: If SciPy is not installed.
    """
    from scipy.optimize import linear_sum_assignment

    samples, half = list(data_samples), len(data_samples) // 2
    targets = _targets(samples[:half], isinstance(output, Tensor))
    weights = torch.cat([s.gt_instance_labels.keypoint_weights for s in samples[:half]])
    placed = placed_points(weights.cpu() > 0, *targets)
    truth, size = peaks_of(targets if len(targets) == 2 else targets[0])
    found, _ = peaks_of(map_tensors(lambda part: part[:half].cpu(), output))
    terms = keypoint_similarity(found[:, None], truth[:, :, None], size)
    fit = (terms * placed[:, :, None]).sum(dim=0)
    _, order = linear_sum_assignment(fit.numpy(), maximize=True)
    return order.tolist(), map_tensors(lambda part: part[half:], output), samples[half:]


def _targets(
    samples: Sequence[BaseDataElement], are_heatmaps: bool
) -> tuple[Tensor, ...]:
    """Read heatmaps, or both SimCC vectors, of all samples."""
    if are_heatmaps:
        return (torch.stack([sample.gt_fields.heatmaps.cpu() for sample in samples]),)
    labels = [sample.gt_instance_labels for sample in samples]
    return (
        torch.cat([label.keypoint_x_labels.cpu() for label in labels]),
        torch.cat([label.keypoint_y_labels.cpu() for label in labels]),
    )
