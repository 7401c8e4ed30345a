# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A mentor's classes, in the order of the student's."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...networks import run_network
from ..maps import check_map
from .heads import answer_logits, head_of


def build_class_aligner(
    name: str,
    network: nn.Module,
    student: nn.Module,
    class_map: Sequence[int] | None,
    size: tuple[int, int] | None,
) -> 'ClassAligner | None':
    """Prepare to turn a mentor's logits into those of the student's classes.

    Args:
        name (str): The mentor's name.
        network (nn.Module): The mentor's network.
        student (nn.Module): The student.
        class_map (Sequence[int], optional): For each class of the student the
            mentor's.
        size (tuple[int, int], optional): Height and width of the mentor's input in
            pixels. If given, the network is tried on an image of that size, which
            also tells the number of its classes.

    Returns:
        ClassAligner | None: None if the classes are the same.

    Raises:
        TypeError: If the map is no list.
        ValueError: If the network cannot take images of that size, or its classes
            do not fit the student's or the map.
    """
    ours, theirs = configured_classes(student), configured_classes(network)
    if size is not None:
        theirs = probe_classes(name, network, size)
    if class_map is not None:
        option = f'Mentor {name!r}: class_map'
        class_map = check_map(option, 'class', class_map, ours, theirs)
        return ClassAligner(name, class_map)
    if ours and theirs and ours != theirs:
        raise ValueError(
            f'Mentor {name!r} knows {theirs} classes, but the student {ours}: take a '
            "mentor trained on the student's classes, or add class_map, a list with "
            f"{ours} entries: for each of the student's classes the number of the "
            "mentor's."
        )
    return None


def configured_classes(network: nn.Module) -> int | None:
    """Read the number of classes, which some backbones have instead of a head.

    Args:
        network (nn.Module): Any network.

    Returns:
        int | None: None where the network does not tell.
    """
    for part in ('head', 'backbone'):
        number = getattr(getattr(network, part, None), 'num_classes', None)
        if isinstance(number, int) and number > 0:
            return number
    return None


@torch.no_grad()
def probe_classes(name: str, network: nn.Module, size: tuple[int, int]) -> int:
    """Try a classifier on a black image.

    Args:
        name (str): The mentor's name.
        network (nn.Module): Its network, put into eval mode.
        size (tuple[int, int]): Height and width in pixels.

    Returns:
        int: The number of its classes.

    Raises:
        ValueError: If it cannot take the image, or gives no logits.
    """
    weight = next(network.parameters(), torch.zeros(()))
    image = weight.new_zeros(1, 3, *size)
    try:
        output = run_network(network.eval(), image)
        output = answer_logits(head_of(network), (), output)
    except Exception as error:  # of any layer
        reason = str(error).partition('\n')[0] or type(error).__name__
        raise ValueError(
            f'Mentor {name!r} cannot take images of {size[0]} x {size[1]} pixels '
            f'({reason}). Set input_size to what it was trained with.'
        ) from error
    if not isinstance(output, Tensor) or output.ndim != 2:
        shape = tuple(getattr(output, 'shape', [type(output).__name__]))
        raise ValueError(
            f'Mentor {name!r} gives {shape} for one image, not logits (1, C): take a '
            'network with a classifier.'
        )
    return output.shape[1]


class ClassAligner(nn.Module):
    """Pick the logits of the student's classes, in the student's order.

    Args:
        name (str): The mentor's name, for messages.
        class_map (Sequence[int]): For each class of the student the mentor's.
    """

    def __init__(self, name: str, class_map: Sequence[int]) -> None:
        super().__init__()
        self.name = name
        self.needed = max(class_map) + 1
        self.register_buffer('classes', torch.tensor(class_map))

    def forward(self, output: Any) -> Tensor:
        """Align the logits of a batch.

        Args:
            output (Tensor): The mentor's logits, (N, C').

        Returns:
            Tensor: Logits (N, C) of the student's classes.

        Raises:
            ValueError: If the mentor gives no logits of all the classes named.
        """
        shape = tuple(getattr(output, 'shape', ()))
        if len(shape) != 2 or shape[1] < self.needed:
            raise ValueError(
                f'Mentor {self.name!r} gives {shape or type(output).__name__}, but its '
                f'class_map needs logits (N, C) of {self.needed} classes or more.'
            )
        return output.index_select(1, self.classes)
