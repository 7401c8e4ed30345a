# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Describing what a config or a data set consists of, to tell whether it changed."""

import functools
import hashlib
import inspect
import json
import os
from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
import torch
from mmengine.structures import BaseDataElement


def canonical(value: Any) -> str:
    """Write anything as JSON that depends on its content only.

    Args:
        value (Any): Numbers, strings, containers, arrays, tensors, data elements,
            classes, functions, and objects, of which the public attributes count.

    Returns:
        str: The JSON, with sorted keys. Of an array the SHA-256 stands in it.
    """
    return json.dumps(value, sort_keys=True, default=_plain)


def describe(value: Any) -> Any:
    """Bring anything into the form that it has in a JSON file.

    Args:
        value (Any): As for :func:`canonical`.

    Returns:
        Any: The same as dicts, lists, strings, numbers and None.
    """
    return json.loads(canonical(value))


def digest(value: Any) -> str:
    """Condense anything.

    Args:
        value (Any): As for :func:`canonical`.

    Returns:
        str: The SHA-256 of its JSON, in hexadecimal.
    """
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def differences(then: Any, now: Any, place: str = '') -> list[str]:
    """List where two descriptions differ.

    Args:
        then (Any): The earlier description, see :func:`describe`.
        now (Any): The later one.
        place (str): Where in a larger description they stand.

    Returns:
        list[str]: For each difference the place and both values, such as
        ``'seed: 0, now 1'``.
    """
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        pairs = [
            (f'{place}.{key}'.lstrip('.'), then.get(key), now.get(key))
            for key in sorted({*then, *now})
        ]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = [
            (f'{place}[{index}]', *pair)
            for index, pair in enumerate(zip(then, now, strict=True))
        ]
    else:
        return [] if then == now else [f'{place}: {_short(then)}, now {_short(now)}']
    return [line for name, a, b in pairs for line in differences(a, b, name)]


def _plain(value: Any) -> Any:
    """Turn what JSON does not have into what it has."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f'array {value.dtype} {value.shape} {content}'
    if isinstance(value, BaseDataElement):
        return dict(value.all_items())
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(map(canonical, value))
    if isinstance(value, Sequence):
        return list(value)
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, type) or inspect.isroutine(value):
        return f'{value.__module__}.{value.__qualname__}'
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if not hasattr(value, '__dict__'):
        return repr(value) if ' at 0x' not in repr(value) else type(value).__name__
    public = {key: part for key, part in vars(value).items() if key[0] != '_'}
    if isinstance(value, torch.nn.Module):
        public.pop('training', None)
        public['children'] = dict(value.named_children())
    return {'type': type(value).__name__, **public}


def _short(value: Any) -> str:
    """Write a value so that it fits a message."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f'{text[:57]}…'
