# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Aligning a mentor's classes with the student's."""

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
    """Build the module that maps a mentor's logits to the student's classes.

    Args:
        name (str): The mentor's name.
        network (nn.Module): The mentor's network.
        student (nn.Module): The student.
        class_map (Sequence[int], optional): For each class of the student the index of
            the mentor's class.
        size (tuple[int, int], optional): Height and width of the mentor's input in
            pixels. If given, the network is run on an image of this size, which also
            yields its number of classes.

    Returns:
        ClassAligner | UnmappedClasses | None: None if the classes are the same.

    Raises:
        TypeError: If the map is not a list.
        ValueError: If the network cannot process images of this size, or its classes
            do not match the student's or the map.
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
        metainfo (Mapping): Metainfo of the student's dataset.

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
    """Read the class names of a dataset.

    Args:
        metainfo (Mapping): Metainfo of the dataset. MMCV's key is ``CLASSES``,
            MMEngine's is ``classes``.

    Returns:
        list[str]: Names in order; empty if unknown.
    """
    names = metainfo.get('classes') or metainfo.get('CLASSES')
    known = isinstance(names, Sequence) and not isinstance(names, str)
    return list(names) if known else []


def _other_number(name: str, ours: int, theirs: int) -> str:
    """Format the message for different numbers of classes."""
    return (
        f'Mentor {name!r} has {theirs} classes, but the student has {ours}: use a '
        "mentor trained on the student's classes, or add class_map, a list with "
        f"{ours} entries: for each of the student's classes the index of the "
        "mentor's class."
    )


def configured_classes(network: nn.Module) -> int | None:
    """Read the number of classes from the head, or from a backbone without a head.

    Args:
        network (nn.Module): Any network.

    Returns:
        int | None: Number of classes; None if unknown.
    """
    for part in ('head', 'backbone'):
        number = getattr(getattr(network, part, None), 'num_classes', None)
        if isinstance(number, int) and number > 0:
            return number
    return None


@torch.no_grad()
def probe_classes(name: str, network: nn.Module, size: tuple[int, int]) -> int:
    """Run a classifier on a black image to get its number of classes.

    Args:
        name (str): The mentor's name.
        network (nn.Module): The mentor's network, which is set to eval mode.
        size (tuple[int, int]): Height and width of the image in pixels.

    Returns:
        int: Number of classes.

    Raises:
        ValueError: If the network cannot process the image or returns no logits.
    """
    weight = next(network.parameters(), torch.zeros(()))
    image = weight.new_zeros(1, input_channels(network) or 3, *size)
    output = try_network(name, network.eval(), image)
    output = answer_logits(head_of(network), (), output)
    if not isinstance(output, Tensor) or output.ndim != 2:
        shape = tuple(getattr(output, 'shape', [type(output).__name__]))
        raise ValueError(
            f'Mentor {name!r} gives {shape} for one image, not logits (1, C): use a '
            'network with a classifier.'
        )
    return output.shape[1]


class ClassAligner(nn.Module):
    """Select the logits of the student's classes, in the student's order.

    Args:
        name (str): The mentor's name, for messages.
        class_map (Sequence[int]): For each class of the student the index of the
            mentor's class.
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
            ValueError: If the output has no logits for all classes of the map.
        """
        shape = tuple(getattr(output, 'shape', ()))
        if len(shape) != 2 or shape[1] < self.needed:
            raise ValueError(
                f'Mentor {self.name!r} gives {shape or type(output).__name__}, but its '
                f'class_map needs logits (N, C) of {self.needed} classes or more.'
            )
        return output.index_select(1, self.classes)


class UnmappedClasses(nn.Module):
    """Placeholder for the aligner of a mentor with more classes than the student.

    The mentor's checkpoint contains its class names. Those of the student are known
    when training starts, which replaces this module.

    Args:
        name (str): The mentor's name.
        ours (int): Number of the student's classes.
        theirs (int): Number of the mentor's classes.
    """

    def __init__(self, name: str, ours: int, theirs: int) -> None:
        super().__init__()
        self.message = _other_number(name, ours, theirs)

    def forward(self, output: Any) -> Tensor:
        """Raise an error, since the map is unknown.

        Args:
            output (Tensor): The mentor's logits.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            f'{self.message} The checkpoint of the mentor contains class names: '
            'ClassroomHook maps them by name if the metainfo of the dataset contains '
            'its class names.'
        )
