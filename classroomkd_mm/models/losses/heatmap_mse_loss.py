# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence

from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...functional import heatmap_mse_losses
from ...functional.checks import check_number
from ..classroom.lesson import Lesson


@MODELS.register_module()
class HeatmapMSELoss(nn.Module):
    """The classical distillation of pose models: squared error between heatmaps.

    In a classroom it is weighted by activity and rank. The baseline itself, in
    which every mentor teaches every sample, is this loss with the filter off:
    ``knowledge_filter=dict(type='KnowledgeFilter', enabled=False)``.

    Source: Fast Pose Distillation, arXiv 1811.05419.

    Args:
        loss_weight (float): Multiplies the loss. Defaults to 1.

    Raises:
        TypeError: If ``loss_weight`` is no number.
        ValueError: If it is negative.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        check_number('loss_weight', loss_weight)
        self.loss_weight = loss_weight

    def forward(
        self, student_output: Tensor, mentor_outputs: Sequence[Tensor], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor.

        Args:
            student_output (Tensor): Heatmaps (N, K, H, W), with gradient.
            mentor_outputs (Sequence[Tensor]): n tensors like it.
            lesson (Lesson): Who teaches what.

        Returns:
            Tensor: (n,); the distillation loss is their sum.
        """
        losses = heatmap_mse_losses(
            student_output, mentor_outputs, lesson.ranking, lesson.point_weights
        )
        return self.loss_weight * losses
