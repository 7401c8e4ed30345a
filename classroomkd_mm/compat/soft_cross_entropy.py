# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The function of mmcls that MMRazor's `KDSoftCELoss` calls."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def provide_soft_cross_entropy() -> None:
    """Let `KDSoftCELoss` work where mmcls is not installed.

    mmcls is MMPretrain's old name. MMRazor asks for the old one only, and puts a class
    in the place of the function that fails when it is called (open-mmlab/mmrazor#546).
    The function itself, where MMRazor has found it, stays.
    """
    from mmrazor.models.losses import kd_soft_ce_loss

    if isinstance(kd_soft_ce_loss.soft_cross_entropy, type):
        kd_soft_ce_loss.soft_cross_entropy = soft_cross_entropy


def soft_cross_entropy(*args: Any, **kwargs: Any) -> 'Tensor':
    """Call MMPretrain's function of this name, which is imported only here.

    Args:
        *args (Any): As MMPretrain's.
        **kwargs (Any): As MMPretrain's.

    Returns:
        Tensor: The loss.
    """
    from mmpretrain.models.losses.cross_entropy_loss import soft_cross_entropy

    return soft_cross_entropy(*args, **kwargs)
