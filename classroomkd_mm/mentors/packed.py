# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Frozen convolutions that keep their weights as oneDNN reads them.

On a CPU, PyTorch reorders the weights of a convolution in each forward. Its compiler
lets frozen networks do that once, with operators that are private to PyTorch; here they
are used without the compiler.

Source: docs/mentors.md, "Speed".
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn


def pack(network: nn.Module) -> None:
    """Have the convolutions of a frozen network pack their weights when they run.

    Those of a class of their own, those that pad with other values than zeros, and
    transposed ones with groups stay as they are.

    Args:
        network (nn.Module): The network, which is changed in place.
    """
    for conv in network.modules():
        if type(conv) in PACKED and _can_be_packed(conv):
            conv.__class__ = PACKED[type(conv)]  # keeps weights, hooks and names


def unpack(network: nn.Module) -> None:
    """Bring the weights of all convolutions back to the order of PyTorch.

    The next forward packs them again, for the size of the images that it sees.

    Args:
        network (nn.Module): The network, which is changed in place.
    """
    for conv in _packed_of(network):
        conv.unpack()


def undo(network: nn.Module) -> None:
    """Bring back the convolutions that :func:`pack` has changed.

    Args:
        network (nn.Module): The network, which is changed in place.
    """
    for conv in _packed_of(network):
        conv.unpack()
        conv.__class__ = type(conv).plain


class _Packed(nn.Module):
    """A convolution that packs its weights in the first forward that can use them.

    It is for images of any size; it is fastest at the size of the first ones. Wherever
    else it finds itself, on a GPU or under autocast, it is the plain convolution. Its
    weights are unpacked before they are moved, converted, copied or saved.
    """

    plain: type[nn.Module]

    def forward(self, images: Tensor) -> Tensor:
        """Convolve images (N, C, H, W)."""
        if not _can_run_packed(images):
            self.unpack()
            return super().forward(images)
        if not self.weight.is_mkldnn:
            self._set_weight(self.reordered(images.shape))
        return self.convolve(images)

    def unpack(self) -> None:
        """Bring the weights back to the order of PyTorch."""
        if self.weight.is_mkldnn:
            weight = self.dense()
            self._set_weight(weight.contiguous(memory_format=torch.channels_last))

    def dense(self) -> Tensor:
        """Reorder packed weights as PyTorch has them."""
        return self.weight.to_dense()

    def _set_weight(self, weight: Tensor) -> None:
        self.weight = nn.Parameter(weight, requires_grad=False)

    def _apply(self, *args: Any, **kwargs: Any) -> nn.Module:
        self.unpack()
        return super()._apply(*args, **kwargs)

    def _save_to_state_dict(self, *args: Any) -> None:
        self.unpack()
        super()._save_to_state_dict(*args)

    def __getstate__(self) -> dict[str, Any]:
        self.unpack()
        return self.__dict__


class PackedConv2d(_Packed, nn.Conv2d):
    """``nn.Conv2d`` with packed weights."""

    plain = nn.Conv2d

    def reordered(self, shape: torch.Size) -> Tensor:
        """Reorder the weights for images of a shape."""
        return torch.ops.mkldnn._reorder_convolution_weight(
            self.weight, self.padding, self.stride, self.dilation, self.groups, shape
        )

    def convolve(self, images: Tensor) -> Tensor:
        """Convolve images with packed weights."""
        return torch.ops.mkldnn._convolution_pointwise(
            images, self.weight, self.bias, self.padding, self.stride, self.dilation,
            self.groups, *NOTHING_BEHIND,
        )  # fmt: skip


class PackedConvTranspose2d(_Packed, nn.ConvTranspose2d):
    """``nn.ConvTranspose2d`` with packed weights."""

    plain = nn.ConvTranspose2d

    def dense(self) -> Tensor:
        """Reorder packed weights, whose outputs are first, as PyTorch has them."""
        return super().dense().transpose(0, 1)

    def reordered(self, shape: torch.Size) -> Tensor:
        """Reorder the weights for images of a shape."""
        return torch.ops.mkldnn._reorder_convolution_transpose_weight(
            self.weight, self.padding, self.output_padding, self.stride, self.dilation,
            self.groups, shape,
        )  # fmt: skip

    def convolve(self, images: Tensor) -> Tensor:
        """Convolve images with packed weights."""
        return torch.ops.mkldnn._convolution_transpose_pointwise(
            images, self.weight, self.bias, self.padding, self.output_padding,
            self.stride, self.dilation, self.groups, *NOTHING_BEHIND,
        )  # fmt: skip


PACKED = {kind.plain: kind for kind in (PackedConv2d, PackedConvTranspose2d)}

NOTHING_BEHIND = ('none', [], '')
"""No activation that the operators would append, without its arguments."""


def _packed_of(network: nn.Module) -> Iterator[_Packed]:
    return (each for each in network.modules() if isinstance(each, _Packed))


def _can_be_packed(conv: nn.Module) -> bool:
    if conv.padding_mode != 'zeros' or isinstance(conv.padding, str):
        return False
    return not conv.transposed or conv.groups == 1


def _can_run_packed(images: Tensor) -> bool:
    """Tell what the operators are for: the CPU, float32, no gradient."""
    return (
        images.device.type == 'cpu'
        and images.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled('cpu')
    )
