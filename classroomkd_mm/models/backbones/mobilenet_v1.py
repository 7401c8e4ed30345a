# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MobileNetV1, an ImageNet student of the paper that MMPretrain does not provide."""

from collections.abc import Sequence

from mmcv.cnn import ConvModule, DepthwiseSeparableConvModule
from mmpretrain.registry import MODELS
from torch import nn

from .staged_backbone import StagedBackbone

NORM = dict(type='BN')

# Output channels and number of blocks of each stage, from table 1 of the paper. All
# stages but the first halve the resolution in their first block.
STAGES = ((64, 1), (128, 2), (256, 2), (512, 6), (1024, 2))
STEM_CHANNELS = 32


@MODELS.register_module()
class MobileNetV1(StagedBackbone):
    """MobileNetV1 of full width.

    Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile
    Vision Applications", arXiv 1704.04861. ``feat_dim`` is 1024.

    Args:
        out_indices (Sequence[int]): Which of stages 0 to 4 to output.
            Defaults to (4, ).
        **kwargs: ``frozen_stages``, ``norm_eval`` and ``init_cfg`` of
            :class:`StagedBackbone`.
    """

    def __init__(self, out_indices: Sequence[int] = (4,), **kwargs) -> None:
        stem = ConvModule(3, STEM_CHANNELS, 3, stride=2, padding=1, norm_cfg=NORM)
        stages, in_channels = [], STEM_CHANNELS
        for index, (channels, blocks) in enumerate(STAGES):
            stage = nn.Sequential()
            for block in range(blocks):
                stride = 2 if index > 0 and block == 0 else 1
                stage.append(
                    DepthwiseSeparableConvModule(
                        in_channels, channels, 3, stride, padding=1, norm_cfg=NORM
                    )
                )
                in_channels = channels
            stages.append(stage)
        super().__init__(stem, stages, in_channels, out_indices, **kwargs)
