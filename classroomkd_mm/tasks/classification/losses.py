# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence

from mmrazor.registry import MODELS
from torch import Tensor

from ...classroom import Lesson, MentorLoss
from ...functional import mentor_losses


@MODELS.register_module()
class ClassroomKDLoss(MentorLoss):
    """The distillation loss of ClassroomKD, for logits.

    Source: arXiv 2409.20237; docs/method.md, step 5.

    Args:
        loss_weight (float): Multiplies the loss. Defaults to 1.
    """

    def mentor_losses(
        self, student_output: Tensor, mentor_outputs: Sequence[Tensor], lesson: Lesson
    ) -> Tensor:
        """Compare the softmax of each mentor's logits with the student's.

        Args:
            student_output (Tensor): Logits (N, C), with gradient.
            mentor_outputs (Sequence[Tensor]): n tensors of logits (N, C).
            lesson (Lesson): Who teaches what, and at which temperature.

        Returns:
            Tensor: (n,).
        """
        return mentor_losses(
            student_output, mentor_outputs, lesson.ranking, lesson.temperatures
        )
