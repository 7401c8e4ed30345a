# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The targets of classification: hard, soft, several or smoothed labels."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from .heads import head_of


def classification_targets(data_samples: Sequence[BaseDataElement]) -> Tensor:
    """Collect the targets of samples of which each belongs to one class.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples of MMPretrain. A soft or
            one-hot label (``gt_score``) goes before a class index (``gt_label``).

    Returns:
        Tensor: Class probabilities, float (N, C), if any sample has them, else class
        indices, int64 (N,).

    Raises:
        ValueError: If a sample has no label, or several.
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
    """Collect how much of each class every sample has.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples of MMPretrain, each with
            ``gt_score`` or any number of labels, also none, in ``gt_label``.
        num_classes (int): C.

    Returns:
        Tensor: Float, (N, C).

    Raises:
        ValueError: If a sample has neither, or a label that is no class.
    """
    if len(data_samples) == 0:
        return torch.zeros(0, num_classes)
    return torch.stack([_multi_hot(sample, num_classes) for sample in data_samples])


def _single_label(sample: BaseDataElement) -> Tensor:
    """Read the one label of a sample, (1,)."""
    _check_labelled(sample)
    if len(sample.gt_label) != 1:
        raise ValueError(
            f'A sample carries {len(sample.gt_label)} labels, but the student is '
            'trained for one label each. For several labels take a head such as '
            'MultiLabelLinearClsHead.'
        )
    return sample.gt_label


def _multi_hot(sample: BaseDataElement, num_classes: int) -> Tensor:
    """Read the labels of a sample, float (C,)."""
    if 'gt_score' in sample:
        return sample.gt_score.float()
    _check_labelled(sample)
    label = sample.gt_label.long()  # of a list without labels it is a float
    return F.one_hot(label, num_classes).sum(dim=0).clamp(max=1).float()


def _check_labelled(sample: BaseDataElement) -> None:
    """Refuse a sample without a label."""
    if 'gt_label' not in sample:
        raise ValueError(
            'A data sample has neither gt_label nor gt_score: ClassificationScorer '
            'needs labelled images. For pose models use HeatmapScorer or SimCCScorer.'
        )


def smoothing_of(student: nn.Module) -> Callable[[Tensor], Tensor] | None:
    """Read how a student's own loss smooths the labels.

    Args:
        student (nn.Module): A classifier of MMPretrain, or any other module.

    Returns:
        Callable | None: From targets (N, C) to smoothed ones; None without
        LabelSmoothLoss.
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
    """Spread a share of every target over all classes.

    Source: arXiv 1512.00567.

    Args:
        targets (Tensor): Class probabilities, float (N, C).
        share (float): From 0 to 1.

    Returns:
        Tensor: Class probabilities, float (N, C).
    """
    return targets * (1 - share) + share / targets.shape[-1]


def smooth_each(targets: Tensor, share: float) -> Tensor:
    """Bring the yes or no of each class nearer to the other by a share.

    Source: LabelSmoothLoss of MMPretrain, mode='multi_label'.

    Args:
        targets (Tensor): How much of each class a sample has, float (N, C).
        share (float): From 0 to 1.

    Returns:
        Tensor: Float (N, C).
    """
    return torch.where(targets > 0, 1 - share, share)
