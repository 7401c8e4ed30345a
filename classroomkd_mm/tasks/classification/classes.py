# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A mentor's classes, in the order of the student's."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..maps import check_map
from ..names import dataset_meta_of, map_by_name
from ..network_input import input_channels, try_network
from .heads import answer_logits, head_of


def build_class_aligner(
    name: str,
    network: nn.Module,
    student: nn.Module,
    class_map: Sequence[int] | None,
    size: tuple[int, int] | None,
) -> 'ClassAligner | UnmappedClasses | None':
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
        ClassAligner | UnmappedClasses | None: None if the classes are the same.

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
    if not ours or not theirs or ours == theirs:
        return None
    if theirs > ours and len(class_names(dataset_meta_of(network))) == theirs:
        return UnmappedClasses(name, ours, theirs)
    raise ValueError(_other_number(name, ours, theirs))


def map_classes_by_name(
    name: str, network: nn.Module, student: nn.Module, metainfo: Mapping[str, Any]
) -> list[int] | None:
    """Map a mentor's classes by the names in its checkpoint and in the dataset.

    Args:
        name (str): The mentor's name.
        network (nn.Module): The mentor's network.
        student (nn.Module): The student.
        metainfo (Mapping): Of the student's dataset.

    Returns:
        list[int] | None: The ``class_map``; None if the order is the same or unknown.

    Raises:
        ValueError: If the names contradict each other.
    """
    ours, theirs = class_names(metainfo), class_names(dataset_meta_of(network))
    if not ours or not theirs:
        return None
    our_number, their_number = configured_classes(student), configured_classes(network)
    mappable = our_number in (None, len(ours)) and (
        their_number is None or their_number >= len(theirs)
    )
    return map_by_name(name, 'class', ours, theirs, mappable)


def class_names(metainfo: Mapping[str, Any]) -> list[str]:
    """Read the names of the classes of a dataset.

    Args:
        metainfo (Mapping): What the dataset says of itself; MMCV's wrote
            ``CLASSES``, MMEngine's ``classes``.

    Returns:
        list[str]: In order; empty where they are not known.
    """
    names = metainfo.get('classes') or metainfo.get('CLASSES')
    known = isinstance(names, Sequence) and not isinstance(names, str)
    return list(names) if known else []


def _other_number(name: str, ours: int, theirs: int) -> str:
    """Say that the numbers of classes differ, and what to do."""
    return (
        f'Mentor {name!r} knows {theirs} classes, but the student {ours}: take a '
        "mentor trained on the student's classes, or add class_map, a list with "
        f"{ours} entries: for each of the student's classes the number of the "
        "mentor's."
    )


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
    image = weight.new_zeros(1, input_channels(network) or 3, *size)
    output = try_network(name, network.eval(), image)
    output = answer_logits(head_of(network), (), output)
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


class UnmappedClasses(nn.Module):
    """Stand for the map of a mentor that knows more classes, until it is made.

    Its checkpoint names the classes; the student's are known when training starts.

    Args:
        name (str): The mentor's name.
        ours (int): Number of the student's classes.
        theirs (int): Number of the mentor's.
    """

    def __init__(self, name: str, ours: int, theirs: int) -> None:
        super().__init__()
        self.message = _other_number(name, ours, theirs)

    def forward(self, output: Any) -> Tensor:
        """Refuse to guess.

        Args:
            output (Tensor): The mentor's logits.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            f'{self.message} The mentor names its classes: ClassroomHook maps them by '
            'name if the dataset names its own in metainfo.'
        )
