# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Scorers: how well each member of the classroom does on each sample."""

from collections.abc import Sequence

import torch
from mmengine.structures import BaseDataElement
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...functional import cross_entropy_log_scores
from ...functional.scoring import at_least_float32
from .lesson import Scores


@MODELS.register_module()
class ClassificationScorer(nn.Module):
    """Score classifiers by their cross-entropy on the sample.

    The targets are MMPretrain's: ``gt_score`` where the samples carry soft labels
    (mixup, cutmix), else ``gt_label``.

    Source: arXiv 2409.20237; METHOD.md, step 1.
    """

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
        """
        logits = torch.stack([at_least_float32(student_output), *mentor_outputs])
        targets = classification_targets(data_samples).to(logits.device)
        return Scores(cross_entropy_log_scores(logits, targets))


def classification_targets(data_samples: Sequence[BaseDataElement]) -> Tensor:
    """Collect the targets of MMPretrain's data samples.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples.

    Returns:
        Tensor: Soft labels (N, C) if the samples have them, else labels (N,).

    Raises:
        ValueError: If a sample has neither, or several labels.
    """
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
