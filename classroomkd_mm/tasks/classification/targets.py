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


def wrong_targets(
    data_samples: Sequence[BaseDataElement], num_classes: int | None
) -> dict[int, str]:
    """Find the samples whose targets are no classes of the student.

    PyTorch names neither sample nor class: on an accelerator, such a label ends all
    further work on the device.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples of MMPretrain, in memory of
            the host; others are not looked at.
        num_classes (int, optional): Number of the student's classes, if it is known.

    Returns:
        dict[int, str]: What is wrong, by position in the batch.
    """
    if num_classes is None:
        return {}
    found = {}
    for position, sample in enumerate(data_samples):
        kind = 'gt_score' if 'gt_score' in sample else 'gt_label'
        target = sample.get(kind)
        if isinstance(target, Tensor) and target.device.type == 'cpu':
            wrong = (_wrong_score if kind == 'gt_score' else _wrong_label)(
                target, num_classes
            )
            if wrong:
                found[position] = wrong
    return found


def _wrong_label(label: Tensor, num_classes: int) -> str | None:
    """Say what is wrong with class indices."""
    outside = [index for index in label.tolist() if not 0 <= index < num_classes]
    if not outside:
        return None
    return (
        f'has the label {", ".join(map(str, outside))}, but the classes of the student '
        f'are 0 to {num_classes - 1}. Correct its annotation, or num_classes of the '
        "student's head"
    )


def _wrong_score(score: Tensor, num_classes: int) -> str | None:
    """Say what is wrong with class probabilities."""
    if len(score) != num_classes:
        return (
            f'has a gt_score of {len(score)} classes, but the student has '
            f'{num_classes}. Correct its annotation, or num_classes of the '
            "student's head"
        )
    if not (score.isfinite() & (score >= 0)).all():
        return 'has a gt_score with negative, infinite or NaN values. Correct it'
    return None


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
