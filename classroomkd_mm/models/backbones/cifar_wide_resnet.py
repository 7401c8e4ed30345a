# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Wide ResNets for CIFAR."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from .staged_backbone import StagedBackbone


class PreActBlock(nn.Module):
    """A pre-activation residual block: norm and ReLU precede each convolution.

    If the shape changes, the 1x1 convolution of the shortcut also takes the
    activated input.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        stride (int): Stride of the first convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(
            in_channels, out_channels, 3, stride, padding=1, bias=False
        )
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.shortcut = (
            None
            if in_channels == out_channels
            else nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride)."""
        active = F.relu(self.bn1(x), inplace=True)
        residual = self.conv2(F.relu(self.bn2(self.conv1(active)), inplace=True))
        return residual + (x if self.shortcut is None else self.shortcut(active))


@MODELS.register_module()
class CIFARWideResNet(StagedBackbone):
    """WRN-depth-widen_factor: three wide stages of pre-activation blocks.

    Zagoruyko and Komodakis, "Wide Residual Networks", arXiv 1605.07146, table 1.
    Stages 0 and 1 output the sum of their last residual block; stage 2 ends with the
    final norm and ReLU. ``feat_dim`` is 64 * ``widen_factor``.

    Args:
        depth (int): 6n+4 for n blocks per stage: 10, 16, 22, 28, 40 and so on.
        widen_factor (int): Factor of the widths 16, 32 and 64.
        out_indices (Sequence[int]): Which of stages 0, 1, 2 to output.
            Defaults to (2, ).
        **kwargs: ``frozen_stages``, ``norm_eval`` and ``init_cfg`` of
            :class:`StagedBackbone`.

    Raises:
        ValueError: If ``depth`` is not 6n+4.
    """

    def __init__(
        self,
        depth: int,
        widen_factor: int,
        out_indices: Sequence[int] = (2,),
        **kwargs,
    ) -> None:
        num_blocks, rest = divmod(depth - 4, 6)
        if num_blocks < 1 or rest:
            raise ValueError(
                f'depth of CIFARWideResNet must be 6n+4 (10, 16, 22, 28, 40, ...), '
                f'but got {depth!r}.'
            )
        widths = [16, *(channels * widen_factor for channels in (16, 32, 64))]
        stages = [
            nn.Sequential(
                PreActBlock(widths[i], widths[i + 1], stride),
                *(
                    PreActBlock(widths[i + 1], widths[i + 1], 1)
                    for _ in range(num_blocks - 1)
                ),
            )
            for i, stride in enumerate((1, 2, 2))
        ]
        stages[-1].add_module('norm', nn.BatchNorm2d(widths[-1]))
        stages[-1].add_module('relu', nn.ReLU(inplace=True))
        stem = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        super().__init__(stem, stages, widths[-1], out_indices, **kwargs)
