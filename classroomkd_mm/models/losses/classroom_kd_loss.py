# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence

from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...functional import mentor_losses
from ..classroom.lesson import Lesson


@MODELS.register_module()
class ClassroomKDLoss(nn.Module):
    """The distillation loss of ClassroomKD, for logits.

    Source: arXiv 2409.20237; METHOD.md, step 5.

    Args:
        loss_weight (float): Multiplies the loss. Defaults to 1.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self, student_output: Tensor, mentor_outputs: Sequence[Tensor], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor.

        Args:
            student_output (Tensor): Logits (N, C), with gradient.
            mentor_outputs (Sequence[Tensor]): n tensors of logits (N, C).
            lesson (Lesson): Who teaches what, and at which temperature.

        Returns:
            Tensor: (n,); the distillation loss is their sum.
        """
        losses = mentor_losses(
            student_output, mentor_outputs, lesson.ranking, lesson.temperatures
        )
        return self.loss_weight * losses
