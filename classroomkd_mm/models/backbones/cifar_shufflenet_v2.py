# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""ShuffleNetV2 for CIFAR."""

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule
from mmpretrain.models.backbones.shufflenet_v2 import InvertedResidual
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from .channel_shuffle import channel_shuffle
from .staged_backbone import PYTORCH_DEFAULT, StagedBackbone

NORM = dict(type='BN')
STEM_CHANNELS = 24
WIDTHS = (116, 232, 464)
STAGE_DEPTHS = (4, 8, 4)
FEAT_DIM = 1024


class ShuffleUnit(InvertedResidual):
    """MMPretrain's unit, which keeps images that are stored channels-last that way."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride)."""
        if self.stride == 1:
            left, x = x.chunk(2, dim=1)
        else:
            left = self.branch1(x)
        return channel_shuffle(torch.cat((left, self.branch2(x)), dim=1), 2)


@MODELS.register_module()
class CIFARShuffleNetV2(StagedBackbone):
    """ShuffleNetV2 of width 1 for 32x32 images.

    Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture
    Design", arXiv 1807.11164, table 5. The stem is one 1x1 convolution that keeps the
    resolution, so stages 0, 1, 2 work on 16x16, 8x8 and 4x4. Stage 3 is the last 1x1
    convolution. ``feat_dim`` is 1024.

    Args:
        out_indices (Sequence[int]): Which of stages 0 to 3 to output.
            Defaults to (3, ).
        init_cfg (dict | Sequence[dict] | None): MMEngine's initialisation
            config. Defaults to PyTorch's own initialisation, as in the benchmark.
        **kwargs: ``frozen_stages`` and ``norm_eval`` of :class:`StagedBackbone`.
    """

    def __init__(
        self,
        out_indices: Sequence[int] = (3,),
        init_cfg: dict | Sequence[dict] | None = PYTORCH_DEFAULT,
        **kwargs,
    ) -> None:
        stem = ConvModule(3, STEM_CHANNELS, 1, norm_cfg=NORM)
        stages = [
            nn.Sequential(
                ShuffleUnit(in_channels, width, stride=2),
                *(ShuffleUnit(width, width) for _ in range(depth - 1)),
            )
            for in_channels, width, depth in zip(
                (STEM_CHANNELS, *WIDTHS[:-1]), WIDTHS, STAGE_DEPTHS, strict=True
            )
        ]
        stages.append(ConvModule(WIDTHS[-1], FEAT_DIM, 1, norm_cfg=NORM))
        super().__init__(
            stem, stages, FEAT_DIM, out_indices, init_cfg=init_cfg, **kwargs
        )
