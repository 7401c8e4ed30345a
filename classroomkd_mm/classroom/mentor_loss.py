# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from ..functional import Lesson
from ..functional.checks import check_number


class MentorLoss(nn.Module, ABC):
    """Base class of losses for all mentors; subclasses implement `mentor_losses`.

    They implement :meth:`prepare` too if they depend on the networks.

    The distiller passes the outputs and the lesson, so the config needs no
    ``loss_forward_mappings``. Register subclasses in MMRazor's ``MODELS``.

    Source: docs/method.md, step 5.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.

    Raises:
        TypeError: If ``loss_weight`` is not a number.
        ValueError: If it is negative, infinite or NaN.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        check_number('loss_weight', loss_weight)
        self.loss_weight = loss_weight

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Learn who is in the classroom, before the first batch.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If a sub-class cannot teach these networks.
        """

    @abstractmethod
    def mentor_losses(
        self, student_output: Any, mentor_outputs: Sequence[Any], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor, without ``loss_weight``.

        Args:
            student_output (Any): Output from the student's recorders, with gradient.
            mentor_outputs (Sequence[Any]): n outputs, in the student's form.
            lesson (Lesson): Activity, weights and temperatures of the mentors.

        Returns:
            Tensor: (n,), connected to the student's graph.
        """

    def forward(
        self, student_output: Any, mentor_outputs: Sequence[Any], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor, and check its shape.

        Args:
            student_output (Any): Output from the student's recorders, with gradient.
            mentor_outputs (Sequence[Any]): n outputs, in the student's form.
            lesson (Lesson): Activity, weights and temperatures of the mentors.

        Returns:
            Tensor: (n,); the distillation loss is their sum.

        Raises:
            ValueError: If the subclass returns another shape.
        """
        losses = self.mentor_losses(student_output, mentor_outputs, lesson)
        return self._weighted(losses, len(mentor_outputs))

    def _weighted(self, losses: Tensor, mentors: int) -> Tensor:
        """Apply ``loss_weight`` to the losses of all mentors, and check their shape."""
        if losses.shape != (mentors,):
            raise ValueError(
                f'{type(self).__name__} returns losses of shape '
                f'{tuple(losses.shape)}, but must return one loss for each of the '
                f'{mentors} mentors.'
            )
        return self.loss_weight * losses

    def extra_repr(self) -> str:
        """Show the options."""
        return f'loss_weight={self.loss_weight}'
