# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""ShuffleNetV1 for CIFAR."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from .channel_shuffle import channel_shuffle
from .staged_backbone import PYTORCH_DEFAULT, StagedBackbone

NORM = dict(type='BN')
GROUPS = 3
STEM_CHANNELS = 24
WIDTHS = (240, 480, 960)
STAGE_DEPTHS = (4, 8, 4)


class ShuffleUnit(nn.Module):
    """A bottleneck of grouped 1x1 convolutions around a depthwise one.

    It differs from MMPretrain's unit in three ways: the bottleneck of a downsampling
    unit has a quarter of the channels that the unit *adds*, channels are shuffled
    before the depthwise convolution, as in figure 2 of the paper, and that convolution
    is followed by a ReLU.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        stride (int): With 1 the input is added to the unit's output; with 2 the
            pooled input is concatenated to it.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        new_channels = out_channels if stride == 1 else out_channels - in_channels
        mid_channels = new_channels // 4
        # The first layer is not grouped, as its input has few channels (section 3.2).
        self.groups = 1 if in_channels == STEM_CHANNELS else GROUPS
        self.compress = ConvModule(
            in_channels, mid_channels, 1, groups=self.groups, norm_cfg=NORM
        )
        self.depthwise = ConvModule(
            mid_channels,
            mid_channels,
            3,
            stride=stride,
            padding=1,
            groups=mid_channels,
            norm_cfg=NORM,
        )
        self.expand = ConvModule(
            mid_channels, new_channels, 1, groups=GROUPS, norm_cfg=NORM, act_cfg=None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride)."""
        out = channel_shuffle(self.compress(x), self.groups)
        out = self.expand(self.depthwise(out))
        if self.stride == 1:
            return F.relu(x + out, inplace=True)
        pooled = F.avg_pool2d(x, 3, stride=2, padding=1)
        return F.relu(torch.cat([out, pooled], dim=1), inplace=True)


@MODELS.register_module()
class CIFARShuffleNetV1(StagedBackbone):
    """ShuffleNetV1 with three groups for 32x32 images.

    Zhang et al., "ShuffleNet: An Extremely Efficient Convolutional Neural Network for
    Mobile Devices", arXiv 1707.01083, table 1. The stem is one 1x1 convolution that
    keeps the resolution, so the stages work on 16x16, 8x8 and 4x4. ``feat_dim`` is
    960.

    Args:
        out_indices (Sequence[int]): Which of stages 0, 1, 2 to output.
            Defaults to (2, ).
        init_cfg (dict | Sequence[dict] | None): MMEngine's initialisation
            config. Defaults to PyTorch's own initialisation, as in the benchmark.
        **kwargs: ``frozen_stages`` and ``norm_eval`` of :class:`StagedBackbone`.
    """

    def __init__(
        self,
        out_indices: Sequence[int] = (2,),
        init_cfg: dict | Sequence[dict] | None = PYTORCH_DEFAULT,
        **kwargs,
    ) -> None:
        stem = ConvModule(3, STEM_CHANNELS, 1, norm_cfg=NORM)
        stages = [
            nn.Sequential(
                ShuffleUnit(in_channels, width, stride=2),
                *(ShuffleUnit(width, width, stride=1) for _ in range(depth - 1)),
            )
            for in_channels, width, depth in zip(
                (STEM_CHANNELS, *WIDTHS[:-1]), WIDTHS, STAGE_DEPTHS, strict=True
            )
        ]
        super().__init__(
            stem, stages, WIDTHS[-1], out_indices, init_cfg=init_cfg, **kwargs
        )
