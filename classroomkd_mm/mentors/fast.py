# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Rewriting a frozen network once, so that it gives the same in less time.

Source: docs/architecture.md, promise 9; docs/mentors.md, "Speed".
"""

import copy
import logging
from collections import Counter
from typing import Any, NamedTuple

import torch
from mmengine.logging import print_log
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ..nested import tensors_of
from ..networks import run_network
from ..tasks.network_input import input_channels, input_size
from .offloaded import Offloaded
from .on_disk import move_to_disk
from .packed import pack, undo, unpack

TOLERANCE = 1e-4
"""How far outputs may move in float32, relative to the largest of them."""

PROBE_SIZES = ((64, 64), (32, 32), (224, 224))
"""Tried in turn where a network does not tell the size of its images, in pixels."""

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
DTYPES = ('bfloat16', 'float16')


class Speed(NamedTuple):
    """What keeps the cost of a mentor low.

    Attributes:
        fast (bool, optional): Fold norms into convolutions and keep weights
            channels-last, or packed on a CPU. None: as the classroom says for all
            mentors.
        dtype (str, optional): One of ``DTYPES``: what the network computes in.
        compile (bool): Compile the network with ``torch.compile``.
        offload (str, optional): 'cpu' keeps the weights there between two forwards.
        every (int): The mentor teaches only at every so many iterations.
    """

    fast: bool | None = None
    dtype: str | None = None
    compile: bool = False
    offload: str | None = None
    every: int = 1


def speed_up(
    name: str, network: nn.Module, speed: Speed, size: tuple[int, int] | None = None
) -> nn.Module:
    """Make a frozen network faster.

    Args:
        name (str): The mentor's name, for the log.
        network (nn.Module): Its network, in eval mode; it is not changed, but where a
            copy runs, its weights move to the disk.
        speed (Speed): How.
        size (tuple[int, int], optional): Height and width of its images in pixels,
            where they are known.

    Returns:
        nn.Module: The network itself where nothing is asked for, or where what it
        gives would change by more than ``TOLERANCE``; else a rewritten copy.
    """
    in_place = not (speed.dtype or speed.compile or speed.offload)
    fast = _rewrite(name, network, size, in_place) if speed.fast else network
    if fast is network and (speed.dtype or speed.compile):
        fast = copy.deepcopy(network)
    if fast is not network:
        move_to_disk(name, network)
    if speed.dtype:
        fast.to(getattr(torch, speed.dtype))
    if speed.compile:
        fast.compile()
    return Offloaded(fast) if speed.offload else fast


@torch.no_grad()
def _rewrite(
    name: str, network: nn.Module, size: tuple[int, int] | None, packs: bool
) -> nn.Module:
    """Fold norms and reorder weights; the network itself if that is not right."""
    if not any(_is_foldable(module) for module in network.modules()):
        return network
    try:
        fast = copy.deepcopy(network)
        images, before, pairs = _probe(fast, size or input_size(network))
        if not pairs:  # channels-last alone gains nothing
            return network
        for conv, norm in pairs:
            _fold(fast, conv, norm)
        fast.to(memory_format=torch.channels_last)
    except Exception as error:  # of whatever layer that cannot be rewritten
        return _left(name, network, _first_line(error))
    reason = _objection(fast, images, before)
    if reason:
        return _left(name, network, reason)
    if packs:
        _pack(name, fast, images, before)
    return fast


def _pack(name: str, network: nn.Module, images: Tensor, before: Any) -> None:
    """Pack the weights of a folded network, unless that is not right."""
    pack(network)
    reason = _objection(network, images, before)
    if reason:
        undo(network)
        print_log(
            f'The weights of mentor {name!r} are not packed, which costs a little '
            f'time: {reason}',
            logger='current',
        )
    unpack(network)  # until it sees images of the size that it has to be fast for


def _objection(network: nn.Module, images: Tensor, before: Any) -> str | None:
    """Compare what a rewritten network gives; None if that is right."""
    try:
        error = _relative_error(before, run_network(network, images))
    except Exception as reason:  # of whatever layer that cannot be rewritten
        return _first_line(reason)
    if not error <= TOLERANCE:  # also if it is NaN
        return f'its output would change by {error:.1e}, more than {TOLERANCE:g}'
    return None


def _first_line(error: Exception) -> str:
    return str(error).partition('\n')[0]


def _left(name: str, network: nn.Module, reason: str) -> nn.Module:
    """Say that a network stays as it is, and why."""
    print_log(
        f'Mentor {name!r} is not made faster: {reason}. It runs as it was built; '
        'fast=False in its entry avoids the attempt.',
        logger='current',
        level=logging.WARNING,
    )
    return network


def _probe(
    network: nn.Module, size: tuple[int, int] | None
) -> tuple[Tensor, Any, list[tuple[nn.Module, _BatchNorm]]]:
    """Run a network on noise, of the first size that it takes.

    Returns:
        tuple: The noise (2, C, H, W), what the network gives, and what to fold.
    """
    weight = next(network.parameters())
    channels = input_channels(network) or 3
    generator = torch.Generator().manual_seed(0)  # leaves the global one alone
    for height, width in (size,) if size else PROBE_SIZES:
        images = torch.randn(2, channels, height, width, generator=generator)
        images = images.to(weight)
        try:
            return images, *_watch(network, images)
        except Exception as error:
            reason = error
    raise reason


def _watch(
    network: nn.Module, images: Tensor
) -> tuple[Any, list[tuple[nn.Module, _BatchNorm]]]:
    """Run a network, and find each norm that alone takes what a convolution gives."""
    watch = _Watch()
    handles = []
    for module in network.modules():
        if isinstance(module, CONVOLUTIONS):
            handles.append(module.register_forward_hook(watch.after_convolution))
        elif _is_foldable(module):
            handles.append(module.register_forward_pre_hook(watch.before_norm))
    try:
        with watch:
            output = run_network(network, images)
    finally:
        for handle in handles:
            handle.remove()
    return output, watch.pairs()


class _Watch(TorchDispatchMode):
    """Follow what convolutions give to those who take it.

    The order in which modules are registered does not tell: a block may hold a norm
    after a convolution that it precedes, and in a residual block the output of a
    convolution may also go past the norm.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[nn.Module] = Counter()
        # By id; the tensors are kept, so that no other one gets the id.
        self.given: dict[int, tuple[nn.Module, Tensor]] = {}
        self.uses: Counter[int] = Counter()
        self.met: list[tuple[nn.Module, _BatchNorm, int]] = []

    def after_convolution(self, conv: nn.Module, _: Any, output: Tensor) -> None:
        self.calls[conv] += 1
        self.given[id(output)] = (conv, output)

    def before_norm(self, norm: _BatchNorm, inputs: tuple[Tensor, ...]) -> None:
        self.calls[norm] += 1
        key = id(inputs[0])
        if key in self.given:
            self.met.append((self.given[key][0], norm, key))

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        taken = (id(x) for x in tree_leaves((args, kwargs)))
        self.uses.update(key for key in taken if key in self.given)
        return func(*args, **(kwargs or {}))

    def pairs(self) -> list[tuple[nn.Module, _BatchNorm]]:
        return [
            (conv, norm)
            for conv, norm, key in self.met
            if self.calls[conv] == self.calls[norm] == self.uses[key] == 1
        ]


def _is_foldable(module: nn.Module) -> bool:
    """Tell a batch norm that multiplies and adds constants."""
    return isinstance(module, _BatchNorm) and module.running_mean is not None


def _fold(network: nn.Module, conv: nn.Module, norm: _BatchNorm) -> None:
    """Fold a norm into its convolution, and put nothing in its place."""
    transposed = isinstance(conv, nn.ConvTranspose2d)
    if transposed and conv.groups > 1:
        return  # fuse_conv_bn_weights takes its channels for those of one group
    conv.weight, conv.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps,
        norm.weight, norm.bias, transposed,
    )  # fmt: skip
    for name, module in list(network.named_modules(remove_duplicate=False)):
        if module is norm:
            parent, _, child = name.rpartition('.')
            setattr(network.get_submodule(parent), child, nn.Identity())


def _relative_error(before: Any, after: Any) -> float:
    """The largest difference, relative to the largest value, of all tensors."""
    pairs = zip(tensors_of(before), tensors_of(after), strict=True)
    return max(float((b - a).abs().max() / b.abs().max()) for b, a in pairs)
