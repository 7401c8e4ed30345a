# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A backbone that is a stem followed by stages."""

from collections.abc import Sequence

from mmpretrain.models.backbones.base_backbone import BaseBackbone
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

# He initialisation over the fan-out, as the benchmark draws its first weights.
HE_FAN_OUT = (
    dict(type='Kaiming', layer='Conv2d'),
    dict(type='Constant', layer='_BatchNorm', val=1.0),
)

# What PyTorch draws for a convolution by itself, in MMEngine's terms: ConvModule
# replaces it by He initialisation when it is built, so it has to be asked for.
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
    """A stem and stages in a row, with MMPretrain's switches for backbones.

    A network is written by building its stem and its stages and handing them to
    this class, which holds what does not depend on the network.

    Args:
        stem (nn.Module): What stands before the first stage. It counts as stage 0
            for ``frozen_stages`` and is never an output.
        stages (Sequence[nn.Module]): The stages, in order.
        feat_dim (int): Number of channels of the last stage's output, which is
            ``in_channels`` of the classification head.
        out_indices (Sequence[int]): Which stages to output, counted from 0.
        frozen_stages (int): Freeze the stem and that many stages: no gradient, norms
            in eval mode. 0 freezes the stem only, -1 nothing. Defaults to -1.
        norm_eval (bool): Keep all batch norms in eval mode. Defaults to False.
        init_cfg (dict | Sequence[dict] | None): How weights are initialised, in
            MMEngine's terms. Defaults to He initialisation over the fan-out.

    Raises:
        ValueError: If ``out_indices`` or ``frozen_stages`` name a stage that the
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
        # init_cfg covers the stem; MMEngine would go on to call ConvModule's own.
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
                f'{out_indices!r}; name one or more of its stages'
            )
        if frozen_stages not in range(-1, num_stages + 1):
            raise ValueError(
                f'frozen_stages of {name} must lie between -1 (nothing) and '
                f'{num_stages} (everything), but is {frozen_stages!r}'
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
        """Set the training mode, but for what is frozen.

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
