# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from mmrazor.registry import MODELS

from ...functional import simcc_mentor_losses
from .pose_kd_loss import PoseKDLoss


@MODELS.register_module()
class SimCCKDLoss(PoseKDLoss):
    """The distillation loss of ClassroomKD, for SimCC vectors (RTMPose).

    Student and mentor are compared by the softmax of their x and of their y
    vectors, both counting the same, averaged over the key points that the sample
    has and the mentor knows.

    Source: arXiv 2409.20237; METHOD.md, step 5 and "Pose".

    Args:
        sharpness (float): Multiplies the logits before the softmax. Set it to the
            ``beta`` of the student's KLDiscretLoss, which is 10 in RTMPose.
            Defaults to 1.
        loss_weight (float): Multiplies the loss. Defaults to 1.

    Raises:
        TypeError: If an option is no number.
        ValueError: If ``sharpness`` is not above 0 or ``loss_weight`` is negative.
    """

    mentor_losses = staticmethod(simcc_mentor_losses)

    def __init__(self, sharpness: float = 1.0, loss_weight: float = 1.0) -> None:
        super().__init__(sharpness, loss_weight)
