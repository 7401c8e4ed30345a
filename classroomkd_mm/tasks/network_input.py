# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Finding out which images a network accepts."""

from typing import Any

import torch
from torch import Tensor, nn

from ..networks import run_network

SIZES = ('img_size', 'image_size', 'init_input_size')
"""Attributes of networks of MMPretrain, torchvision, timm and Hugging Face."""


def input_channels(network: nn.Module) -> int | None:
    """Read the number of input channels of a network.

    Args:
        network (nn.Module): Any network.

    Returns:
        int | None: Input channels of its first convolution; None if it has none.
    """
    convolutions = (m for m in network.modules() if isinstance(m, nn.Conv2d))
    first = next(convolutions, None)
    return None if first is None else first.in_channels


def input_size(network: nn.Module) -> tuple[int, int] | None:
    """Read the image size that a network was built for.

    Args:
        network (nn.Module): Any network.

    Returns:
        tuple[int, int] | None: Height and width in pixels; None if the network accepts
        any size, or if the size is unknown.
    """
    for module in network.modules():
        for name in SIZES:
            size = getattr(module, name, None)
            pair = (size, size) if isinstance(size, int) else size
            if isinstance(pair, tuple | list) and len(pair) == 2:
                return tuple(pair)
    return None


def try_network(mentor: str, network: nn.Module, images: Tensor) -> Any:
    """Run a mentor's network on images of a new shape.

    Args:
        mentor (str): The mentor's name, for messages.
        network (nn.Module): The mentor's network.
        images (Tensor): The network's input, (N, C, H, W).

    Returns:
        Any: The network's output.

    Raises:
        ValueError: If the network cannot process the images.
    """
    try:
        return run_network(network, images)
    except torch.cuda.OutOfMemoryError:  # unrelated to the shape
        raise
    except Exception as error:  # any error of a layer
        raise ValueError(_explain(mentor, network, images, error)) from error


def wrong_size(mentor: str, network: nn.Module, size: tuple[int, int]) -> str | None:
    """Tell whether a mentor gets images of another size than it was built for.

    Args:
        mentor (str): The mentor's name, for messages.
        network (nn.Module): Its network, which takes the images all the same.
        size (tuple[int, int]): Their height and width, in pixels.

    Returns:
        str | None: A warning; None if the size is right, or any size is.
    """
    wanted = input_size(network)
    if wanted in (None, size):
        return None
    return (
        f'Mentor {mentor!r} {_size_remedy(wanted)} It receives {size[0]} x {size[1]} '
        'pixels, which it accepts but was not built for.'
    )


def _explain(mentor: str, network: nn.Module, images: Tensor, error: Exception) -> str:
    """Explain which images a network cannot process, and what to do."""
    _, channels, height, width = images.shape
    reason = str(error).partition('\n')[0] or type(error).__name__
    wanted_channels, wanted_size = input_channels(network), input_size(network)
    if wanted_channels not in (None, channels):
        remedy = (
            f'Its first convolution takes {wanted_channels}: use a mentor for images '
            "with the student's channels, or a `model` that converts them first."
        )
    elif wanted_size is None:
        remedy = 'If it was trained at another size, set input_size to that size.'
    elif wanted_size != (height, width):
        remedy = f'It {_size_remedy(wanted_size)}'
    else:
        remedy = 'It was built for this size: correct its config.'
    return (
        f'Mentor {mentor!r} cannot take images of {height} x {width} pixels with '
        f'{channels} channels ({reason}). {remedy}'
    )


def _size_remedy(size: tuple[int, int]) -> str:
    """Describe how to give a mentor images of the size that it was built for."""
    option = size[0] if size[0] == size[1] else size
    return (
        f'was built for {size[0]} x {size[1]} pixels: set input_size={option} in its '
        'entry.'
    )
