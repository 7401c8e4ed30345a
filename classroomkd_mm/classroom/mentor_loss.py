# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from ..functional import Lesson
from ..functional.checks import check_number


class MentorLoss(nn.Module, ABC):
    """A loss with which all mentors teach; a sub-class implements `mentor_losses`.

    It also implements :meth:`prepare` if it depends on the networks.

    The distiller hands it the outputs and the lesson; it needs no mapping. It is
    registered in MMRazor's ``MODELS``.

    Source: docs/method.md, step 5.

    Args:
        loss_weight (float): Multiplies the loss. Defaults to 1.

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
        """Compute the loss of every mentor, not multiplied by ``loss_weight``.

        Args:
            student_output (Any): What the student's recorders hold, with gradient.
            mentor_outputs (Sequence[Any]): n outputs, in the student's form.
            lesson (Lesson): Who teaches what, and at which temperature.

        Returns:
            Tensor: (n,), with a graph to the student.
        """

    def forward(
        self, student_output: Any, mentor_outputs: Sequence[Any], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor, and check its shape.

        Args:
            student_output (Any): What the student's recorders hold, with gradient.
            mentor_outputs (Sequence[Any]): n outputs, in the student's form.
            lesson (Lesson): Who teaches what, and at which temperature.

        Returns:
            Tensor: (n,); the distillation loss is their sum.

        Raises:
            ValueError: If the sub-class gives another shape.
        """
        losses = self.mentor_losses(student_output, mentor_outputs, lesson)
        if losses.shape != (len(mentor_outputs),):
            raise ValueError(
                f'{type(self).__name__} gives losses of the shape '
                f'{tuple(losses.shape)}, but must give one for each of the '
                f'{len(mentor_outputs)} mentors.'
            )
        return self.loss_weight * losses

    def extra_repr(self) -> str:
        """Show the options."""
        return f'loss_weight={self.loss_weight}'
