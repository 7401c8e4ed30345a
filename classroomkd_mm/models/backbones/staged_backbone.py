# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A backbone made of a stem and stages."""

from collections.abc import Sequence

from mmpretrain.models.backbones.base_backbone import BaseBackbone
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

# He initialisation with the fan-out, as in the benchmark.
HE_FAN_OUT = (
    dict(type='Kaiming', layer='Conv2d'),
    dict(type='Constant', layer='_BatchNorm', val=1.0),
)

# PyTorch's default initialisation of a convolution, as an MMEngine config. ConvModule
# replaces the default with He initialisation, so it has to be restored.
PYTORCH_DEFAULT = (
    dict(
        type='Kaiming',
        layer='Conv2d',
        a=5**0.5,
        mode='fan_in',
        nonlinearity='leaky_relu',
        distribution='uniform',
    ),
    dict(type='Constant', layer='_BatchNorm', val=1.0),
)


class StagedBackbone(BaseBackbone):
    """Base class of sequential backbones, with MMPretrain's backbone options.

    A subclass builds its stem and stages and passes them to this class, which
    implements everything else.

    Args:
        stem (nn.Module): The layers before the first stage. They are never an output.
        stages (Sequence[nn.Module]): The stages, in order.
        feat_dim (int): Number of channels of the last stage's output, the
            ``in_channels`` of the classification head.
        out_indices (Sequence[int]): Indices of the stages to output, from 0.
        frozen_stages (int): Number of stages to freeze in addition to the stem: no
            gradient, norms in eval mode. 0 freezes only the stem, -1 nothing.
            Defaults to -1.
        norm_eval (bool): Keep all batch norms in eval mode. Defaults to False.
        init_cfg (dict | Sequence[dict] | None): MMEngine's initialisation config.
            Defaults to He initialisation with the fan-out.

    Raises:
        ValueError: If ``out_indices`` or ``frozen_stages`` refers to a stage that the
            network does not have.
    """

    def __init__(
        self,
        stem: nn.Module,
        stages: Sequence[nn.Module],
        feat_dim: int,
        out_indices: Sequence[int],
        frozen_stages: int = -1,
        norm_eval: bool = False,
        init_cfg: dict | Sequence[dict] | None = HE_FAN_OUT,
    ) -> None:
        if isinstance(init_cfg, Sequence):
            init_cfg = list(init_cfg)
        super().__init__(init_cfg)
        self._check_stages(len(stages), out_indices, frozen_stages)
        self.stem = stem
        # init_cfg covers the stem; otherwise MMEngine would also use ConvModule's own.
        self.stem.is_init = True
        self.stages = nn.ModuleList(stages)
        self.feat_dim = feat_dim
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self._freeze_stages()

    def _check_stages(
        self, num_stages: int, out_indices: Sequence[int], frozen_stages: int
    ) -> None:
        name = type(self).__name__
        if not out_indices or not set(out_indices) <= set(range(num_stages)):
            raise ValueError(
                f'{name} has stages 0 to {num_stages - 1}, but out_indices is '
                f'{out_indices!r}: give one or more of these stages.'
            )
        if frozen_stages not in range(-1, num_stages + 1):
            raise ValueError(
                f'frozen_stages of {name} must be between -1 (nothing) and '
                f'{num_stages} (everything), but got {frozen_stages!r}.'
            )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Run the network.

        Args:
            x (Tensor): Images, (N, 3, 32, 32) float.

        Returns:
            tuple[Tensor, ...]: The feature map (N, C, H, W) of each stage in
            ``out_indices``, in the order of the stages.
        """
        x = self.stem(x)
        outs = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in self.out_indices:
                outs.append(x)
        return tuple(outs)

    def train(self, mode: bool = True) -> 'StagedBackbone':
        """Set the training mode, except for frozen layers.

        Args:
            mode (bool): True for training, False for evaluation.

        Returns:
            StagedBackbone: The backbone itself.
        """
        super().train(mode)
        self._freeze_stages()
        if self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _freeze_stages(self) -> None:
        if self.frozen_stages < 0:
            return
        for module in [self.stem, *self.stages[: self.frozen_stages]]:
            module.eval().requires_grad_(False)
