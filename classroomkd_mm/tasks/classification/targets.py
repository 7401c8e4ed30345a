# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Classification targets: hard, soft, multiple or smoothed labels."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from .heads import head_of


def classification_targets(data_samples: Sequence[BaseDataElement]) -> Tensor:
    """Collect the targets of samples with one class each.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples of MMPretrain. A soft or
            one-hot label (``gt_score``) takes precedence over a class index
            (``gt_label``).

    Returns:
        Tensor: Class probabilities, float (N, C), if any sample has them; otherwise
        class indices, int64 (N,).

    Raises:
        ValueError: If a sample has no label, or several labels.
    """
    if len(data_samples) == 0:
        return torch.zeros(0, dtype=torch.long)
    soft = next((s.gt_score for s in data_samples if 'gt_score' in s), None)
    if soft is None:
        return torch.cat([_single_label(sample) for sample in data_samples])
    return multi_hot_targets(data_samples, len(soft))


def multi_hot_targets(
    data_samples: Sequence[BaseDataElement], num_classes: int
) -> Tensor:
    """Collect the targets of samples with any number of classes.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples of MMPretrain, each with
            ``gt_score``, or with zero or more labels in ``gt_label``.
        num_classes (int): Number of classes C.

    Returns:
        Tensor: Target of each class from 0 to 1, float (N, C).

    Raises:
        ValueError: If a sample has neither ``gt_score`` nor ``gt_label``.
    """
    if len(data_samples) == 0:
        return torch.zeros(0, num_classes)
    return torch.stack([_multi_hot(sample, num_classes) for sample in data_samples])


def _single_label(sample: BaseDataElement) -> Tensor:
    """Read the only label of a sample, (1,)."""
    _check_labelled(sample)
    if len(sample.gt_label) != 1:
        raise ValueError(
            f'A sample has {len(sample.gt_label)} labels, but the student is trained '
            'with one label per sample. For several labels, use a head such as '
            'MultiLabelLinearClsHead.'
        )
    return sample.gt_label


def _multi_hot(sample: BaseDataElement, num_classes: int) -> Tensor:
    """Read the labels of a sample, float (C,)."""
    if 'gt_score' in sample:
        return sample.gt_score.float()
    _check_labelled(sample)
    label = sample.gt_label.long()  # an empty list of labels becomes a float tensor
    return F.one_hot(label, num_classes).sum(dim=0).clamp(max=1).float()


def _check_labelled(sample: BaseDataElement) -> None:
    """Reject a sample without a label."""
    if 'gt_label' not in sample:
        raise ValueError(
            'A data sample has neither gt_label nor gt_score: ClassificationScorer '
            'needs labelled images. For pose models use HeatmapScorer or SimCCScorer.'
        )


def smoothing_of(student: nn.Module) -> Callable[[Tensor], Tensor] | None:
    """Get the label smoothing of the student's own loss.

    Args:
        student (nn.Module): An MMPretrain classifier, or any other module.

    Returns:
        Callable | None: A function from targets (N, C) to smoothed targets (N, C); None
        if the loss is not a LabelSmoothLoss.
    """
    from mmpretrain.models.losses import LabelSmoothLoss

    loss = getattr(head_of(student), 'loss_module', None)
    if not isinstance(loss, LabelSmoothLoss):
        return None
    share = loss.label_smooth_val
    if loss.mode == 'multi_label':
        return partial(smooth_each, share=share)
    if loss.mode == 'classy_vision':
        share = share / (1 + share)
    return partial(smooth, share=share)


def smooth(targets: Tensor, share: float) -> Tensor:
    """Distribute a fraction of every target evenly over all classes.

    Source: arXiv 1512.00567.

    Args:
        targets (Tensor): Class probabilities, float (N, C).
        share (float): From 0 to 1.

    Returns:
        Tensor: Class probabilities, float (N, C).
    """
    return targets * (1 - share) + share / targets.shape[-1]


def smooth_each(targets: Tensor, share: float) -> Tensor:
    """Smooth the binary target of each class independently.

    Source: LabelSmoothLoss of MMPretrain, mode='multi_label'.

    Args:
        targets (Tensor): Target of each class from 0 to 1, float (N, C).
        share (float): From 0 to 1.

    Returns:
        Tensor: ``1 - share`` for positive targets, otherwise ``share``; float (N, C).
    """
    return torch.where(targets > 0, 1 - share, share)
