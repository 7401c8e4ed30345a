# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MobileNetV2 of half width for CIFAR."""

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from mmpretrain.models.backbones.mobilenet_v2 import InvertedResidual
from mmpretrain.registry import MODELS
from torch import nn

from .staged_backbone import StagedBackbone

NORM = dict(type='BN')

# Expansion ratio, output channels, blocks and stride of each stage: table 2 of the
# paper at half the width, with stride 1 in the second stage for the smaller image.
STAGES = (
    (1, 8, 1, 1),
    (6, 12, 2, 1),
    (6, 16, 3, 2),
    (6, 32, 4, 2),
    (6, 48, 3, 1),
    (6, 80, 3, 2),
    (6, 160, 1, 1),
)
STEM_CHANNELS = 16
FEAT_DIM = 1280


def make_stage(
    in_channels: int, expand_ratio: int, out_channels: int, blocks: int, stride: int
) -> nn.Sequential:
    """Stack inverted residual blocks.

    Args:
        in_channels (int): Channels of the input.
        expand_ratio (int): Width of the hidden layers relative to the input.
        out_channels (int): Channels of the output.
        blocks (int): Number of blocks.
        stride (int): Stride of the first block.

    Returns:
        nn.Sequential: The blocks.
    """
    stage = nn.Sequential()
    for _ in range(blocks):
        block = InvertedResidual(
            in_channels, out_channels, stride, expand_ratio, act_cfg=dict(type='ReLU')
        )
        if expand_ratio == 1:
            # The benchmark has the expansion layer even if it does not widen.
            block.conv.insert(0, ConvModule(in_channels, in_channels, 1, norm_cfg=NORM))
        stage.append(block)
        in_channels, stride = out_channels, 1
    return stage


@MODELS.register_module()
class CIFARMobileNetV2(StagedBackbone):
    """MobileNetV2 of half width for 32x32 images.

    Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv
    1801.04381. The last feature map is 2x2, channels are halved exactly instead of
    rounded to multiples of 8, and ReLU replaces ReLU6. Stage 7 is the last 1x1
    convolution. ``feat_dim`` is 1280.

    Args:
        out_indices (Sequence[int]): Which of stages 0 to 7 to output.
            Defaults to (7, ).
        **kwargs: ``frozen_stages``, ``norm_eval`` and ``init_cfg`` of
            :class:`StagedBackbone`.
    """

    def __init__(self, out_indices: Sequence[int] = (7,), **kwargs) -> None:
        stem = ConvModule(3, STEM_CHANNELS, 3, stride=2, padding=1, norm_cfg=NORM)
        stages, in_channels = [], STEM_CHANNELS
        for setting in STAGES:
            stages.append(make_stage(in_channels, *setting))
            in_channels = setting[1]
        stages.append(ConvModule(in_channels, FEAT_DIM, 1, norm_cfg=NORM))
        super().__init__(stem, stages, FEAT_DIM, out_indices, **kwargs)
