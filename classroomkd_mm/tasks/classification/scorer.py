# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...classroom import Scorer, Scores
from ...functional import (
    at_least_float32,
    bernoulli_log_scores,
    cross_entropy_log_scores,
)
from .heads import check_trainable
from .likelihood import SIGMOID, SOFTMAX, likelihood_of
from .targets import classification_targets, multi_hot_targets, smoothing_of


@MODELS.register_module()
class ClassificationScorer(Scorer):
    """Score classifiers by the likelihood of the labels under their logits.

    The student's head and loss determine the likelihood. For a softmax, the log-score
    is the negative cross-entropy; for sigmoids, the negative binary cross-entropy,
    summed over the classes. The targets are MMPretrain's: ``gt_score`` if a sample has
    soft or one-hot labels (mixup, CutMix, ``to_onehot``), otherwise ``gt_label``. If
    the student is trained with LabelSmoothLoss, they are smoothed in the same way.

    Source: arXiv 2409.20237; docs/method.md, step 1.
    """

    task = 'classification'
    likelihood = SOFTMAX
    smoothing: Callable[[Tensor], Tensor] | None = None

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Read the mentors' names, and the student's likelihood and smoothing.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the classes of the student's head cannot be scored, or if
                MMPretrain cannot train the head.
        """
        super().prepare(student, mentors)
        self.likelihood = likelihood_of(student, 'The student') or SOFTMAX
        check_trainable(student)
        self.smoothing = smoothing_of(student)

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
            ValueError: If an output is not logits (N, C) of the student's shape, or
                the samples have no suitable targets.
        """
        _check_student(student_output)
        names = self.mentor_names or range(len(mentor_outputs))
        for name, output in zip(names, mentor_outputs, strict=True):
            _check_mentor(name, output, student_output)
        logits = torch.stack([at_least_float32(student_output), *mentor_outputs])
        targets = self._targets(data_samples, logits.shape[-1]).to(logits.device)
        if self.likelihood == SIGMOID:
            return Scores(bernoulli_log_scores(logits, targets))
        return Scores(cross_entropy_log_scores(logits, targets))

    def _targets(
        self, data_samples: Sequence[BaseDataElement], num_classes: int
    ) -> Tensor:
        """Collect the targets for the student's likelihood and smoothing."""
        if self.likelihood == SIGMOID:
            targets = multi_hot_targets(data_samples, num_classes)
        else:
            targets = classification_targets(data_samples)
        if self.smoothing is None:
            return targets
        if targets.ndim == 1:
            targets = F.one_hot(targets, num_classes)
        return self.smoothing(targets.float())


def _describe(output: Any) -> str:
    """Describe an output, for messages."""
    if isinstance(output, Tensor):
        return str(tuple(output.shape))
    size = f' of {len(output)}' if hasattr(output, '__len__') else ''
    return f'a {type(output).__name__}{size}'


def _check_student(output: Any) -> None:
    """Reject a record that is not the student's logits."""
    if not isinstance(output, Tensor) or output.ndim != 2:
        raise ValueError(
            f'The student gives {_describe(output)}, not logits (N, C). Leave '
            'distiller.student_recorders out, or record its logits with '
            "logits=dict(type='ClassifierLogits', source='head')."
        )


def _check_mentor(name: str | int, output: Any, student_output: Tensor) -> None:
    """Reject a mentor with other classes, or without a classifier."""
    if not isinstance(output, Tensor) or output.shape != student_output.shape:
        raise ValueError(
            f"Mentor {name!r} gives {_describe(output)}, but the student's logits "
            f'are {tuple(student_output.shape)}: use a network whose head returns one '
            "tensor with a logit for each of the student's classes."
        )
