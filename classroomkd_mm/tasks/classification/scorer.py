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
    """Score classifiers by the likelihood of the truth under their logits.

    The student's head and loss say which likelihood: for a softmax the score is minus
    the cross-entropy, for sigmoids minus the binary cross-entropy summed over the
    classes. The targets are MMPretrain's: ``gt_score`` where a sample carries soft or
    one-hot labels (mixup, CutMix, ``to_onehot``), else ``gt_label``. They are smoothed
    as the student's own LabelSmoothLoss does.

    Source: arXiv 2409.20237; docs/method.md, step 1.
    """

    task = 'classification'
    likelihood = SOFTMAX
    smoothing: Callable[[Tensor], Tensor] | None = None

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Learn the mentors' names, and the student's likelihood and smoothing.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the student has no head whose classes can be scored, or one
                that MMPretrain cannot train.
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
            ValueError: If an output is no logits (N, C) of the student's shape, or
                the samples have no fitting targets.
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
        """Collect the targets as the student's likelihood and smoothing need them."""
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
    """Say what an output is."""
    if isinstance(output, Tensor):
        return str(tuple(output.shape))
    size = f' of {len(output)}' if hasattr(output, '__len__') else ''
    return f'a {type(output).__name__}{size}'


def _check_student(output: Any) -> None:
    """Refuse a record that is not the student's logits."""
    if not isinstance(output, Tensor) or output.ndim != 2:
        raise ValueError(
            f'The student gives {_describe(output)}, not logits (N, C). Leave '
            'distiller.student_recorders out, or record its logits with '
            "logits=dict(type='ClassifierLogits', source='head')."
        )


def _check_mentor(name: str | int, output: Any, student_output: Tensor) -> None:
    """Refuse a mentor with other classes, or without a classifier."""
    if not isinstance(output, Tensor) or output.shape != student_output.shape:
        raise ValueError(
            f"Mentor {name!r} gives {_describe(output)}, but the student's logits "
            f'are {tuple(student_output.shape)}: take a network whose head gives one '
            "tensor with a logit for each of the student's classes."
        )
