# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmrazor.registry import HOOKS
from torch import nn

SIMD_WIDTH = 16
"""float32 values that the widest vectors of a CPU hold, AVX-512."""


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Keep the convolutions of the trained network in the layout channels-last.

    The recipes have it: a step takes less time (docs/mentors.md, "Speed"), and results
    change by what the order of a sum changes. Where :func:`reason_against` names a
    reason, the network keeps the usual layout, and the log says why.

    Source: the memory format tutorial of PyTorch.

    Example:
        >>> custom_hooks = [dict(type='mmrazor.ChannelsLastHook')]
    """

    def before_train(self, runner: Runner) -> None:
        """Convert the weights; what is computed from them follows.

        Args:
            runner (Runner): The runner.
        """
        set_channels_last(runner.model)


def set_channels_last(model: nn.Module) -> None:
    """Convert the weights of a network, as :class:`ChannelsLastHook` does.

    Mentors keep theirs: fast ones have a layout of their own, and the others stay as
    they were built.

    Args:
        model (nn.Module): What is trained, where it is trained.
    """
    reason = reason_against(model)
    if reason is not None:
        print_log(f'The student keeps the usual layout: {reason}.', 'current')
        return
    for weight in model.parameters():
        if weight.dim() == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)


def reason_against(model: nn.Module) -> str | None:
    """Say why a network should not be trained channels-last.

    - Several processes train it: DDP has laid out its buckets by the time a hook runs,
      and averages wrong gradients if the layout changes.
    - On a CPU, it has a 1 × 1 convolution with a stride and fewer than 16 input
      channels. The backward pass of oneDNN (3.12, in PyTorch 2.14.1) then writes
      whole vectors beyond the end of its result: a crash, or wrong numbers elsewhere.
    - On a GPU, it has grouped convolutions, such as a MobileNet: nobody has measured
      whether it gains there.
    - Lite-HRNet takes 9 to 15 % longer, since it copies channels to shuffle them.

    Args:
        model (nn.Module): What is trained, where it is trained.

    Returns:
        str | None: The reason, or None if there is none.
    """
    if is_model_wrapper(model):
        return 'several processes train it'
    for name, module in model.named_modules():
        if type(module).__name__ == 'LiteHRNet':
            return 'Lite-HRNet is slower channels-last'
        if not isinstance(module, nn.Conv2d):
            continue
        on_cpu = module.weight.device.type == 'cpu'
        if on_cpu and overruns(module):
            return (
                f'channels-last, the backward pass of its convolution {name!r} '
                f'(1 x 1, stride {max(module.stride)}, {module.in_channels} input '
                'channels) writes beyond its memory on a CPU'
            )
        if not on_cpu and module.groups > 1:
            return f'its convolution {name!r} has groups, which nobody measured on GPUs'
    return None


def overruns(conv: nn.Conv2d) -> bool:
    """Say whether a convolution writes beyond its memory, see :func:`reason_against`.

    Args:
        conv (nn.Conv2d): The convolution.

    Returns:
        bool: Whether it does in its backward pass, channels-last on a CPU.
    """
    strided = conv.kernel_size == (1, 1) and max(conv.stride) > 1
    return strided and conv.in_channels < SIMD_WIDTH


def wants_channels_last(config: Config) -> bool:
    """Say whether a training has the hook.

    Args:
        config (Config): Its config.

    Returns:
        bool: True if its ``custom_hooks`` name :class:`ChannelsLastHook`.
    """
    hooks = config.get('custom_hooks') or []
    return any(str(hook['type']).endswith('ChannelsLastHook') for hook in hooks)
