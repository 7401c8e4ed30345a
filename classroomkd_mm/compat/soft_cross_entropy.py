# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The mmcls function that MMRazor's `KDSoftCELoss` calls."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def provide_soft_cross_entropy() -> None:
    """Make `KDSoftCELoss` work without mmcls.

    mmcls is MMPretrain's old name. MMRazor imports only the old package, and replaces a
    missing function with a class that fails when called (open-mmlab/mmrazor#546). If
    MMRazor found the function, it is not changed.
    """
    from mmrazor.models.losses import kd_soft_ce_loss

    if isinstance(kd_soft_ce_loss.soft_cross_entropy, type):
        kd_soft_ce_loss.soft_cross_entropy = soft_cross_entropy


def soft_cross_entropy(*args: Any, **kwargs: Any) -> 'Tensor':
    """Call MMPretrain's function of this name, and import it on first use.

    Args:
        *args (Any): Arguments of MMPretrain's function.
        **kwargs (Any): Keyword arguments of MMPretrain's function.

    Returns:
        Tensor: The loss.
    """
    from mmpretrain.models.losses.cross_entropy_loss import soft_cross_entropy

    return soft_cross_entropy(*args, **kwargs)
