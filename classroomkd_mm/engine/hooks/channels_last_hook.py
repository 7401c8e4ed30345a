# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmrazor.registry import HOOKS
from torch import nn


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Keep the convolutions of the trained network in the layout channels-last.

    The suites of the benchmark have it: a step takes less time (docs/mentors.md,
    "Speed"), and results change by what the order of a sum changes. On a GPU, a network
    with grouped convolutions, such as a MobileNet, keeps its layout, since nobody has
    measured whether it gains there. So does every network that several processes
    train: DDP has laid out its buckets by then, and averages wrong gradients if the
    layout changes. On the CPU, a small pose model crashed with it.

    Source: the memory format tutorial of PyTorch.

    Example:
        >>> custom_hooks = [dict(type='mmrazor.ChannelsLastHook')]
    """

    def before_train(self, runner: Runner) -> None:
        """Convert the weights; what is computed from them follows.

        Args:
            runner (Runner): The runner.
        """
        if is_model_wrapper(runner.model):
            print_log('ChannelsLastHook: several processes keep the usual layout.',
                      'current')  # fmt: skip
        else:
            set_channels_last(runner.model)


def set_channels_last(model: nn.Module) -> None:
    """Convert the weights of a network, as :class:`ChannelsLastHook` does.

    Mentors keep theirs: fast ones have a layout of their own, and the others stay as
    they were built.

    Args:
        model (nn.Module): What is trained, where it is trained.
    """
    weights = [parameter for parameter in model.parameters() if parameter.dim() == 4]
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    grouped = any(convolution.groups > 1 for convolution in convolutions)
    for weight in weights:
        if weight.device.type == 'cpu' or not grouped:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)


def wants_channels_last(config: Config) -> bool:
    """Say whether a training has the hook.

    Args:
        config (Config): Its config.

    Returns:
        bool: True if its ``custom_hooks`` name :class:`ChannelsLastHook`.
    """
    hooks = config.get('custom_hooks') or []
    return any(str(hook['type']).endswith('ChannelsLastHook') for hook in hooks)
