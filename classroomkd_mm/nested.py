# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Tensors within nested tuples, lists and dicts."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor


def tensors_of(value: Any) -> Iterator[Tensor]:
    """Iterate over the tensors in a value.

    Args:
        value (Any): A tensor, or nested tuples, lists and dicts of tensors.

    Yields:
        Tensor: Each tensor.
    """
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_of(item)
    elif isinstance(value, Mapping):
        yield from tensors_of(list(value.values()))


def map_tensors(function: Callable[..., Tensor], value: Any, *others: Any) -> Any:
    """Apply a function to the tensors in a value.

    Args:
        function (Callable): Takes a tensor of each value, and returns another.
        value (Any): A tensor, or nested tuples, lists and dicts of tensors.
        *others (Any): More values with the same structure.

    Returns:
        Any: The first value with other tensors; what is no tensor stays.
    """
    if isinstance(value, Tensor):
        return function(value, *others)
    if isinstance(value, (list, tuple)):
        places = zip(value, *others, strict=True)
        return type(value)(map_tensors(function, *items) for items in places)
    if isinstance(value, Mapping):
        return {
            key: map_tensors(function, item, *(other[key] for other in others))
            for key, item in value.items()
        }
    return value
