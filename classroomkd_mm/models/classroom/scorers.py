# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Scorers: how well each member of the classroom does on each sample."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...functional import cross_entropy_log_scores
from ...functional.scoring import at_least_float32
from ..mentors.pose_form import is_pose_model
from .lesson import Scores


@MODELS.register_module()
class ClassificationScorer(nn.Module):
    """Score classifiers by their cross-entropy on the sample.

    The targets are MMPretrain's: ``gt_score`` where the samples carry soft labels
    (mixup, cutmix), else ``gt_label``; smoothed, if the student's own loss is
    LabelSmoothLoss.

    Source: arXiv 2409.20237; METHOD.md, step 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mentor_names: Sequence[str] | None = None
        self.smoothing = 0.0

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Learn the mentors' names, for messages, and the student's smoothing.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the student is a pose model.
        """
        if is_pose_model(student):
            raise ValueError(
                f'ClassificationScorer scores classifiers, but the student is a pose '
                f'model ({type(student).__name__}). Set distiller.scorer to '
                'HeatmapScorer or SimCCScorer, and its loss and recorders to match: '
                'configs/_base_/classroom/ has them ready.'
            )
        self.mentor_names = mentors.names
        self.smoothing = label_smoothing(student)

    def forward(
        self,
        student_output: Tensor,
        mentor_outputs: Sequence[Tensor],
        data_samples: Sequence[BaseDataElement],
    ) -> Scores:
        """Score the members on a batch.

        Args:
            student_output (Tensor): Logits (N, C).
            mentor_outputs (Sequence[Tensor]): n tensors of logits (N, C).
            data_samples (Sequence[BaseDataElement]): N samples with targets.

        Returns:
            Scores: Log-scores (n+1, N).

        Raises:
            ValueError: If a mentor's logits have another shape than the student's,
                or the samples have no fitting targets.
        """
        for name, output in zip(
            self.mentor_names or range(len(mentor_outputs)), mentor_outputs, strict=True
        ):
            _check_logits(name, output, student_output)
        logits = torch.stack([at_least_float32(student_output), *mentor_outputs])
        targets = classification_targets(data_samples).to(logits.device)
        if self.smoothing:
            targets = smooth(targets, logits.shape[-1], self.smoothing)
        return Scores(cross_entropy_log_scores(logits, targets))


def _check_logits(name: str | int, output: Any, student_output: Tensor) -> None:
    """Refuse a mentor with other classes, or without a classifier."""
    if not isinstance(output, Tensor) or output.shape != student_output.shape:
        kind = type(output).__name__
        raise ValueError(
            f'Mentor {name!r} gives {tuple(getattr(output, "shape", [kind]))}, but the '
            f"student's logits have the shape {tuple(student_output.shape)}: take a "
            "mentor with a head, trained on the student's classes."
        )


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
