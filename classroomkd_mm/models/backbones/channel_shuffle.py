# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import torch
from mmpretrain.models.utils import channel_shuffle as exported_shuffle
from torch import Tensor


def channel_shuffle(images: Tensor, groups: int) -> Tensor:
    """Mix the channels of several groups, with PyTorch's own operator.

    Images that are stored channels-last stay so, unlike with MMPretrain's function,
    which remains for exports to ONNX, where the operator is unknown.

    Args:
        images (Tensor): (N, C, H, W).
        groups (int): A divisor of C.

    Returns:
        Tensor: The first channel of each group, then the second of each, and so on.
    """
    if torch.onnx.is_in_onnx_export():
        return exported_shuffle(images, groups)
    return torch.channel_shuffle(images, groups)
