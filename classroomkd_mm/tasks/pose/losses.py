# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The losses with which pose mentors teach: KL for heatmaps and SimCC, or MSE."""

from collections.abc import Callable, Sequence
from typing import Any

from mmrazor.registry import MODELS
from torch import Tensor

from ...classroom import Lesson, MentorLoss
from ...functional.checks import check_number
from .teaching import heatmap_mentor_losses, heatmap_mse_losses, simcc_mentor_losses


class PoseKDLoss(MentorLoss):
    """What the KL losses of pose models share.

    Args:
        sharpness (float): Multiplies the outputs before the softmax.
        loss_weight (float): Multiplies the loss.

    Raises:
        TypeError: If an option is not a number.
        ValueError: If ``sharpness`` is not above 0 or ``loss_weight`` is negative.
    """

    compare: Callable[..., Tensor]
    """From outputs, lesson and sharpness to the loss of every mentor."""

    def __init__(self, sharpness: float, loss_weight: float) -> None:
        super().__init__(loss_weight)
        check_number('sharpness', sharpness, above=0)
        self.sharpness = sharpness

    def mentor_losses(
        self, student_output: Any, mentor_outputs: Sequence[Any], lesson: Lesson
    ) -> Tensor:
        """Compare the softmax of each mentor's output with the student's.

        Args:
            student_output (Tensor | tuple[Tensor, Tensor]): Heatmaps (N, K, H, W),
                or SimCC logits of x (N, K, W) and of y (N, K, H); with gradient.
            mentor_outputs (Sequence): n outputs like it.
            lesson (Lesson): Who teaches what, and at which temperature.

        Returns:
            Tensor: (n,).
        """
        return self.compare(
            student_output,
            mentor_outputs,
            lesson.ranking,
            lesson.temperatures,
            lesson.point_weights,
            self.sharpness,
        )

    def extra_repr(self) -> str:
        """Show the options."""
        return f'sharpness={self.sharpness}, {super().extra_repr()}'


@MODELS.register_module()
class HeatmapKDLoss(PoseKDLoss):
    """The distillation loss of ClassroomKD, for heatmaps.

    Student and mentor are compared by the spatial softmax of their maps, averaged
    over the keypoints that the sample has and the mentor knows.

    Source: arXiv 2409.20237; docs/method.md, step 5 and "Pose".

    Args:
        sharpness (float): Multiplies the maps before the softmax, since the maps
            of a regression peak near 1, where a softmax over thousands of cells
            is flat. Defaults to 10.
        loss_weight (float): Multiplies the loss. Defaults to 1.

    Raises:
        TypeError: If an option is not a number.
        ValueError: If ``sharpness`` is not above 0 or ``loss_weight`` is negative.
    """

    compare = staticmethod(heatmap_mentor_losses)

    def __init__(self, sharpness: float = 10.0, loss_weight: float = 1.0) -> None:
        super().__init__(sharpness, loss_weight)


@MODELS.register_module()
class SimCCKDLoss(PoseKDLoss):
    """The distillation loss of ClassroomKD, for SimCC vectors (RTMPose).

    Student and mentor are compared by the softmax of their x and of their y
    vectors. Both count the same, averaged over the keypoints that the sample has and
    the mentor knows.

    Source: arXiv 2409.20237; docs/method.md, step 5 and "Pose".

    Args:
        sharpness (float): Multiplies the logits before the softmax. Set it to the
            ``beta`` of the student's KLDiscretLoss, which is 10 in RTMPose.
            Defaults to 1.
        loss_weight (float): Multiplies the loss. Defaults to 1.

    Raises:
        TypeError: If an option is not a number.
        ValueError: If ``sharpness`` is not above 0 or ``loss_weight`` is negative.
    """

    compare = staticmethod(simcc_mentor_losses)

    def __init__(self, sharpness: float = 1.0, loss_weight: float = 1.0) -> None:
        super().__init__(sharpness, loss_weight)


@MODELS.register_module()
class HeatmapMSELoss(MentorLoss):
    """The classical distillation of pose models: squared error between heatmaps.

    In a classroom it is weighted by activity and rank. The baseline itself, in
    which every mentor teaches every sample, is this loss with the filter off:
    ``knowledge_filter=dict(type='KnowledgeFilter', filtering=False)``.

    Source: Fast Pose Distillation, arXiv 1811.05419.

    Args:
        loss_weight (float): Multiplies the loss. Defaults to 1.
    """

    def mentor_losses(
        self, student_output: Tensor, mentor_outputs: Sequence[Tensor], lesson: Lesson
    ) -> Tensor:
        """Compare each mentor's heatmaps with the student's.

        Args:
            student_output (Tensor): Heatmaps (N, K, H, W), with gradient.
            mentor_outputs (Sequence[Tensor]): n tensors like it.
            lesson (Lesson): Who teaches what.

        Returns:
            Tensor: (n,).
        """
        return heatmap_mse_losses(
            student_output, mentor_outputs, lesson.ranking, lesson.point_weights
        )
