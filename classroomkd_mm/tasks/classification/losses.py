# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence
from typing import Any

import torch
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...classroom import Lesson, MentorLoss
from ...functional import (
    average_logits,
    bernoulli_divergence,
    distillation_terms,
    mentor_losses,
    softmax_divergence,
    standardize_logits,
)
from ...functional.checks import check_number
from .likelihood import SIGMOID, SOFTMAX, likelihood_of

DIVERGENCES = {SOFTMAX: softmax_divergence, SIGMOID: bernoulli_divergence}


@MODELS.register_module()
class ClassroomKDLoss(MentorLoss):
    """The distillation loss of ClassroomKD, for logits.

    The student's head and loss determine what is compared: the softmax of the logits,
    or the sigmoid of each class.

    Source: arXiv 2409.20237; docs/method.md, step 5. The options are not of the paper:
    docs/method.md, "Options beyond the paper".

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.
        standardize (float, optional): Scale the logits of student and mentors to this
            standard deviation before the temperature (arXiv 2403.01427); 3 is a good
            value. Defaults to None: leave them.

    Raises:
        TypeError: If an option is not a number.
        ValueError: If ``loss_weight`` is negative, or ``standardize`` is not above 0.
    """

    likelihood = SOFTMAX

    def __init__(
        self, loss_weight: float = 1.0, standardize: float | None = None
    ) -> None:
        super().__init__(loss_weight)
        if standardize is not None:
            check_number('standardize', standardize, above=0)
        self.standardize = standardize

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Determine the student's likelihood.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the classes of the student's head cannot be taught, or not
                with standardized logits.
        """
        self.likelihood = likelihood_of(student, 'The student') or SOFTMAX
        if self.likelihood == SIGMOID and self.standardize:
            raise ValueError(
                'ClassroomKDLoss: standardize is for a student with a softmax, but '
                'the head of this one has a sigmoid for each class. Remove it.'
            )

    def mentor_losses(
        self, student_output: Tensor, mentor_outputs: Sequence[Tensor], lesson: Lesson
    ) -> Tensor:
        """Compare the probabilities of each mentor with the student's.

        Args:
            student_output (Tensor): Logits (N, C), with gradient.
            mentor_outputs (Sequence[Tensor]): n tensors of logits (N, C).
            lesson (Lesson): Activity, weights and temperatures of the mentors.

        Returns:
            Tensor: (n,).
        """
        if self.standardize is not None:
            student_output, *mentor_outputs = (
                standardize_logits(each, self.standardize)
                for each in (student_output, *mentor_outputs)
            )
        return mentor_losses(
            student_output,
            mentor_outputs,
            lesson.ranking,
            lesson.temperatures,
            divergence=DIVERGENCES[self.likelihood],
        )

    def extra_repr(self) -> str:
        """Show the options."""
        return f'standardize={self.standardize}, {super().extra_repr()}'


@MODELS.register_module()
class AverageLogitsKDLoss(MentorLoss):
    """Teach with the average of the mentors' logits: one distribution per sample.

    The weights of the lesson are those of the average, and their sum on a sample is its
    weight; the temperature is the average of the mentors'. With the filter off and a
    fixed temperature it is AVER in the space of logits. (AVER in the space of
    probabilities has the gradient of :class:`ClassroomKDLoss`.)

    Source: docs/method.md, "Baselines".

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.
    """

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Reject a student whose logits are not those of a softmax.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the student has a sigmoid for each class.
        """
        if likelihood_of(student, 'The student') == SIGMOID:
            raise ValueError(
                'AverageLogitsKDLoss is for a student with a softmax, but the head of '
                'this one has a sigmoid for each class. Use ClassroomKDLoss.'
            )

    def mentor_losses(
        self, student_output: Tensor, mentor_outputs: Sequence[Tensor], lesson: Lesson
    ) -> Tensor:
        """Compare the average of the mentors with the student.

        Args:
            student_output (Tensor): Logits (N, C), with gradient.
            mentor_outputs (Sequence[Tensor]): n tensors of logits (N, C).
            lesson (Lesson): Activity, weights and temperatures of the mentors.

        Returns:
            Tensor: (n,): what each mentor's weight adds to the loss.
        """
        weights = lesson.ranking.weights
        total = weights.sum(dim=0)
        shares = weights / total.clamp(min=torch.finfo(weights.dtype).tiny)
        average = average_logits(mentor_outputs, shares)
        # Where nobody teaches, any temperature above 0 does.
        student_tau, mentor_tau = (
            torch.where(total > 0, (shares * taus).sum(dim=0), 1)
            for taus in (lesson.temperatures.student, lesson.temperatures.mentor)
        )
        terms = distillation_terms(student_output, average, student_tau, mentor_tau)
        return (weights * terms).sum(dim=1) / max(weights.shape[1], 1)
