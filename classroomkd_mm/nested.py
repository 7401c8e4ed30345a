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


def map_tensors(function: Callable[[Tensor], Tensor], value: Any) -> Any:
    """Apply a function to the tensors in a value.

    Args:
        function (Callable): Takes a tensor, and returns another.
        value (Any): A tensor, or nested tuples, lists and dicts of tensors.

    Returns:
        Any: The same with other tensors; what is no tensor stays.
    """
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, (list, tuple)):
        return type(value)(map_tensors(function, item) for item in value)
    if isinstance(value, Mapping):
        return {key: map_tensors(function, item) for key, item in value.items()}
    return value
