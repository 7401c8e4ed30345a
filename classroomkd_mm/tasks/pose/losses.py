# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Distillation losses of pose mentors: KL for heatmaps and SimCC, or MSE."""

from collections.abc import Callable, Sequence
from typing import Any

from mmrazor.registry import MODELS
from torch import Tensor

from ...classroom import Lesson, MentorLoss
from ...functional.checks import check_number
from .teaching import heatmap_mentor_losses, heatmap_mse_losses, simcc_mentor_losses


class PoseKDLoss(MentorLoss):
    """Base class of the KL losses of pose models.

    Args:
        sharpness (float): Factor of the outputs before the softmax.
        loss_weight (float): Factor of the loss.

    Raises:
        TypeError: If an option is not a number.
        ValueError: If ``sharpness`` is not above 0 or ``loss_weight`` is negative.
    """

    compare: Callable[..., Tensor]
    """Function that computes the loss of every mentor."""

    def __init__(self, sharpness: float, loss_weight: float) -> None:
        super().__init__(loss_weight)
        check_number('sharpness', sharpness, above=0)
        self.sharpness = sharpness

    def mentor_losses(
        self, student_output: Any, mentor_outputs: Sequence[Any], lesson: Lesson
    ) -> Tensor:
        """Compute the divergence of each mentor's softmax from the student's.

        Args:
            student_output (Tensor | tuple[Tensor, Tensor]): Heatmaps (N, K, H, W),
                or SimCC logits of x (N, K, W) and of y (N, K, H); with gradient.
            mentor_outputs (Sequence): n outputs like the student's.
            lesson (Lesson): Activity, weights and temperatures of the mentors.

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

    Compares the spatial softmax of the student's and the mentor's maps, averaged over
    the keypoints that are annotated and that the mentor has.

    Source: arXiv 2409.20237; docs/method.md, step 5 and "Pose".

    Args:
        sharpness (float): Factor of the maps before the softmax. Without it the
            softmax over thousands of cells would be flat, since regressed heatmaps
            peak near 1. Defaults to 10.
        loss_weight (float): Factor of the loss. Defaults to 1.

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

    Compares the softmax of the student's and the mentor's x vectors and y vectors. Both
    axes have equal weight; the loss is averaged over the keypoints that are annotated
    and that the mentor has.

    Source: arXiv 2409.20237; docs/method.md, step 5 and "Pose".

    Args:
        sharpness (float): Factor of the logits before the softmax. Set it to the
            ``beta`` of the student's KLDiscretLoss, which is 10 in RTMPose.
            Defaults to 1.
        loss_weight (float): Factor of the loss. Defaults to 1.

    Raises:
        TypeError: If an option is not a number.
        ValueError: If ``sharpness`` is not above 0 or ``loss_weight`` is negative.
    """

    compare = staticmethod(simcc_mentor_losses)

    def __init__(self, sharpness: float = 1.0, loss_weight: float = 1.0) -> None:
        super().__init__(sharpness, loss_weight)


@MODELS.register_module()
class HeatmapMSELoss(MentorLoss):
    """Classical distillation of pose models: squared error between heatmaps.

    In a classroom the loss is weighted by activity and rank. With the filter off
    (``knowledge_filter=dict(type='KnowledgeFilter', filtering=False)``) it is the
    baseline, in which every mentor teaches every sample.

    Source: Fast Pose Distillation, arXiv 1811.05419.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.
    """

    def mentor_losses(
        self, student_output: Tensor, mentor_outputs: Sequence[Tensor], lesson: Lesson
    ) -> Tensor:
        """Compute the squared error of each mentor's heatmaps.

        Args:
            student_output (Tensor): Heatmaps (N, K, H, W), with gradient.
            mentor_outputs (Sequence[Tensor]): n tensors like the student's.
            lesson (Lesson): Activity and weights of the mentors.

        Returns:
            Tensor: (n,).
        """
        return heatmap_mse_losses(
            student_output, mentor_outputs, lesson.ranking, lesson.point_weights
        )
