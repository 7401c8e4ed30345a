# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from mmrazor.registry import MODELS

from ...functional import heatmap_mentor_losses
from .pose_kd_loss import PoseKDLoss


@MODELS.register_module()
class HeatmapKDLoss(PoseKDLoss):
    """The distillation loss of ClassroomKD, for heatmaps.

    Student and mentor are compared by the spatial softmax of their maps, averaged
    over the key points that the sample has and the mentor knows.

    Source: arXiv 2409.20237; METHOD.md, step 5 and "Pose".

    Args:
        sharpness (float): Multiplies the maps before the softmax, since the maps
            of a regression peak near 1, where a softmax over thousands of cells
            is flat. Defaults to 10.
        loss_weight (float): Multiplies the loss. Defaults to 1.

    Raises:
        TypeError: If an option is no number.
        ValueError: If ``sharpness`` is not above 0 or ``loss_weight`` is negative.
    """

    mentor_losses = staticmethod(heatmap_mentor_losses)

    def __init__(self, sharpness: float = 10.0, loss_weight: float = 1.0) -> None:
        super().__init__(sharpness, loss_weight)
