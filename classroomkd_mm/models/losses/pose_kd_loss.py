# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from ...functional.checks import check_number
from ..classroom.lesson import Lesson


class PoseKDLoss(nn.Module):
    """What the distillation losses between sharpened key point maps share.

    Args:
        sharpness (float): Multiplies the outputs before the softmax.
        loss_weight (float): Multiplies the loss.

    Raises:
        TypeError: If an option is no number.
        ValueError: If ``sharpness`` is not above 0 or ``loss_weight`` is negative.
    """

    mentor_losses: Callable[..., Tensor]
    """From outputs, lesson and sharpness to the loss of every mentor."""

    def __init__(self, sharpness: float, loss_weight: float) -> None:
        super().__init__()
        check_number('sharpness', sharpness, above=0)
        check_number('loss_weight', loss_weight)
        self.sharpness = sharpness
        self.loss_weight = loss_weight

    def forward(
        self, student_output: Any, mentor_outputs: Sequence[Any], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor.

        Args:
            student_output (Tensor | tuple[Tensor, Tensor]): Heatmaps (N, K, H, W),
                or SimCC logits of x (N, K, W) and of y (N, K, H); with gradient.
            mentor_outputs (Sequence): n outputs like it.
            lesson (Lesson): Who teaches what, and at which temperature.

        Returns:
            Tensor: (n,); the distillation loss is their sum.
        """
        losses = self.mentor_losses(
            student_output,
            mentor_outputs,
            lesson.ranking,
            lesson.temperatures,
            lesson.point_weights,
            self.sharpness,
        )
        return self.loss_weight * losses

    def extra_repr(self) -> str:
        """Show the options."""
        return f'sharpness={self.sharpness}, loss_weight={self.loss_weight}'
