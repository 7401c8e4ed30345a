# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence
from typing import Any

from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...classroom import Lesson, MentorLoss
from ...functional import bernoulli_divergence, mentor_losses, softmax_divergence
from .likelihood import SIGMOID, SOFTMAX, likelihood_of

DIVERGENCES = {SOFTMAX: softmax_divergence, SIGMOID: bernoulli_divergence}


@MODELS.register_module()
class ClassroomKDLoss(MentorLoss):
    """The distillation loss of ClassroomKD, for logits.

    The student's head and loss determine what is compared: the softmax of the logits,
    or the sigmoid of each class.

    Source: arXiv 2409.20237; docs/method.md, step 5.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.
    """

    likelihood = SOFTMAX

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Determine the student's likelihood.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the classes of the student's head cannot be taught.
        """
        self.likelihood = likelihood_of(student, 'The student') or SOFTMAX

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
        return mentor_losses(
            student_output,
            mentor_outputs,
            lesson.ranking,
            lesson.temperatures,
            divergence=DIVERGENCES[self.likelihood],
        )
