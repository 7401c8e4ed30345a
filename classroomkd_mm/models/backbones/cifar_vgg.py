# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""VGG with batch norm for CIFAR."""

from collections.abc import Sequence

from mmpretrain.models.backbones.vgg import make_vgg_layer
from mmpretrain.registry import MODELS
from torch import nn

from .staged_backbone import StagedBackbone

# Convolutions per stage. The depth counts these and three linear layers, although the
# CIFAR networks keep only one of the three.
STAGE_DEPTHS = {
    8: (1, 1, 1, 1, 1),
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
WIDTHS = (64, 128, 256, 512, 512)


@MODELS.register_module()
class CIFARVGG(StagedBackbone):
    """VGG with batch norm and only the first three pooling layers.

    Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
    Recognition", arXiv 1409.1556, adapted to 32x32 images: the last two stages work
    on 4x4. As in MMPretrain's ``VGG``, a stage ends with its pooling layer. There is
    no stem. ``feat_dim`` is 512.

    Args:
        depth (int): 8, 11, 13, 16 or 19.
        out_indices (Sequence[int]): Which of stages 0 to 4 to output.
            Defaults to (4, ).
        **kwargs: ``frozen_stages``, ``norm_eval`` and ``init_cfg`` of
            :class:`StagedBackbone`.

    Raises:
        ValueError: If the depth is not supported.
    """

    def __init__(self, depth: int, out_indices: Sequence[int] = (4,), **kwargs) -> None:
        if depth not in STAGE_DEPTHS:
            raise ValueError(
                f'CIFARVGG has no depth {depth!r}: choose one of '
                f'{sorted(STAGE_DEPTHS)}.'
            )
        layers = [
            make_vgg_layer(*widths, num_convs, norm_cfg=dict(type='BN'))
            for *widths, num_convs in zip(
                (3, *WIDTHS[:-1]), WIDTHS, STAGE_DEPTHS[depth], strict=True
            )
        ]
        for last_stages in layers[3:]:
            del last_stages[-1]  # the pooling
        stages = [nn.Sequential(*stage) for stage in layers]
        super().__init__(nn.Identity(), stages, WIDTHS[-1], out_indices, **kwargs)
