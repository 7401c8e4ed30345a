# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...classroom import Scorer, Scores
from ...functional import at_least_float32, cross_entropy_log_scores
from .targets import classification_targets, label_smoothing, smooth


@MODELS.register_module()
class ClassificationScorer(Scorer):
    """Score classifiers by their cross-entropy on the sample.

    The targets are MMPretrain's: ``gt_score`` where the samples carry soft labels
    (mixup, cutmix), else ``gt_label``. They are smoothed if the student's own loss is
    LabelSmoothLoss.

    Source: arXiv 2409.20237; docs/method.md, step 1.
    """

    task = 'classification'
    smoothing = 0.0

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Learn the mentors' names, for messages, and the student's smoothing.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.
        """
        super().prepare(student, mentors)
        self.smoothing = label_smoothing(student)

    def score_batch(
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
        names = self.mentor_names or range(len(mentor_outputs))
        for name, output in zip(names, mentor_outputs, strict=True):
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
