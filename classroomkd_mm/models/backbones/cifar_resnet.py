# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""ResNet 8 to 110 for CIFAR."""

from mmpretrain.models.backbones.resnet import BasicBlock
from mmpretrain.models.backbones.resnet_cifar import ResNet_CIFAR
from mmpretrain.registry import MODELS


@MODELS.register_module()
class CIFARResNet(ResNet_CIFAR):
    """The narrow three-stage ResNet for CIFAR.

    6n+2 layers: a 3x3 stem and three stages of n basic blocks, on 32x32, 16x16 and
    8x8 (He et al., "Deep Residual Learning for Image Recognition", arXiv 1512.03385,
    section 4.2), with a 1x1 convolution where the shape changes. The benchmark's
    "x4" networks have ``stem_channels=32, base_channels=64``.

    ``feat_dim``, the number of output channels, is 4 * ``base_channels``.

    Args:
        depth (int): 8, 14, 20, 32, 44, 56 or 110.
        stem_channels (int): Output channels of the stem. Defaults to 16.
        base_channels (int): Channels of the first stage; each further stage doubles
            them. Defaults to 16.
        out_indices (Sequence[int]): Which of stages 0, 1, 2 to output.
            Defaults to (2, ).
        zero_init_residual (bool): Initialise residual blocks as the identity.
            Defaults to False, as in the benchmark.
        **kwargs: Other arguments of MMPretrain's ``ResNet_CIFAR``, such as
            ``frozen_stages``, ``norm_eval``, ``norm_cfg`` and ``init_cfg``.

    Raises:
        ValueError: If the depth is not supported.
    """

    arch_settings = {
        depth: (BasicBlock, ((depth - 2) // 6,) * 3)
        for depth in (8, 14, 20, 32, 44, 56, 110)
    }

    def __init__(
        self,
        depth: int,
        stem_channels: int = 16,
        base_channels: int = 16,
        out_indices: tuple[int, ...] = (2,),
        zero_init_residual: bool = False,
        **kwargs,
    ) -> None:
        if depth not in self.arch_settings:
            raise ValueError(
                f'CIFARResNet has no depth {depth!r}: choose one of '
                f'{sorted(self.arch_settings)}.'
            )
        super().__init__(
            depth,
            stem_channels=stem_channels,
            base_channels=base_channels,
            num_stages=3,
            strides=(1, 2, 2),
            dilations=(1, 1, 1),
            out_indices=out_indices,
            zero_init_residual=zero_init_residual,
            **kwargs,
        )
