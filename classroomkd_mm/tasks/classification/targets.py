# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The targets of classification: hard, soft or smoothed labels."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from torch import Tensor, nn


def classification_targets(data_samples: Sequence[BaseDataElement]) -> Tensor:
    """Collect the targets of MMPretrain's data samples.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples.

    Returns:
        Tensor: Soft labels (N, C) if the samples have them, else labels (N,).

    Raises:
        ValueError: If a sample has neither, or several labels.
    """
    if len(data_samples) == 0:
        return torch.zeros(0, dtype=torch.long)
    if 'gt_score' in data_samples[0]:
        return torch.stack([sample.gt_score for sample in data_samples])
    if 'gt_label' not in data_samples[0]:
        raise ValueError(
            'A data sample has neither gt_label nor gt_score: ClassificationScorer '
            'needs labelled images. For pose models use HeatmapScorer or SimCCScorer.'
        )
    labels = torch.cat([sample.gt_label for sample in data_samples])
    if len(labels) != len(data_samples):
        raise ValueError(
            'The samples carry several labels each, but ClassificationScorer scores '
            'single-label classification.'
        )
    return labels


def label_smoothing(student: nn.Module) -> float:
    """Read by how much a student's own loss smooths the labels.

    Args:
        student (nn.Module): A classifier of MMPretrain, or any other module.

    Returns:
        float: The share that is spread over all classes, 0 without LabelSmoothLoss.
    """
    from mmpretrain.models.losses import LabelSmoothLoss

    owner = getattr(student, 'head', student)
    loss = getattr(owner, 'loss_module', None)
    if not isinstance(loss, LabelSmoothLoss) or loss.mode == 'multi_label':
        return 0.0
    share = loss.label_smooth_val
    return share / (1 + share) if loss.mode == 'classy_vision' else share


def smooth(targets: Tensor, num_classes: int, share: float) -> Tensor:
    """Spread a share of every target over all classes.

    Source: arXiv 1512.00567.

    Args:
        targets (Tensor): Labels, int64 (N,), or class probabilities, float (N, C).
        num_classes (int): C.
        share (float): From 0 to 1.

    Returns:
        Tensor: Class probabilities, float (N, C).
    """
    if targets.ndim == 1:
        targets = F.one_hot(targets, num_classes)
    return targets * (1 - share) + share / num_classes
