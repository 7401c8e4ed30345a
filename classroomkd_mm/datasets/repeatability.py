# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Transforms whose result depends on more than their sample and global draws."""

import random
from collections import deque
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from mmengine.dataset import Compose

MIXING = {
    'CachedMixUp', 'CachedMosaic', 'CopyPaste', 'CutMix', 'MixImageTransform', 'MixUp',
    'Mixup', 'Mosaic', 'MultiImageMixDataset', 'ResizeMix', 'YOLOXMixUp',
}  # fmt: skip
"""Classes that make a sample of several, by name: no package of theirs is needed."""

GENERATORS = (
    random.Random,
    np.random.Generator,
    np.random.RandomState,
    torch.Generator,
)
OPAQUE = (type, ModuleType, np.ndarray, torch.Tensor)
KEEPERS = (list, dict, deque)


def check_repeatable(dataset: Any) -> None:
    """Refuse transforms that cannot give the same view of a sample again.

    Args:
        dataset (Any): A data set, its wrappers included.

    Raises:
        ValueError: If a transform mixes samples, keeps some, or has a random
            generator of its own.
    """
    for each in datasets_in(dataset):
        if _mixes(each):
            _refuse(each, 'mixes samples')
    for transform in transforms_of(dataset):
        if _mixes(transform):
            _refuse(transform, 'mixes a sample with others')
        for name, value in vars(transform).items():
            if isinstance(value, GENERATORS):
                _refuse(transform, f'has a random generator of its own ({name})')
            if 'cache' in name and name[0] != '_' and isinstance(value, KEEPERS):
                _refuse(transform, f'keeps samples for later ones ({name})')


def datasets_in(dataset: Any) -> Iterator[Any]:
    """Go through a data set and all that it wraps.

    Args:
        dataset (Any): A data set.

    Yields:
        Any: The data set itself first.
    """
    yield dataset
    attributes = getattr(dataset, '__dict__', {})
    inner = [attributes.get(name) for name in ('dataset', '_dataset')]
    for each in [*inner, *(attributes.get('datasets') or ())]:
        if each is not None:
            yield from datasets_in(each)


def pipelines_of(dataset: Any) -> list[Any]:
    """List the pipelines of a data set and of all that it wraps.

    Args:
        dataset (Any): A data set.

    Returns:
        list: What they have as ``pipeline``, or torchvision's data sets as
        ``transform``.
    """
    return [
        vars(each)[name]
        for each in datasets_in(dataset)
        for name in ('pipeline', 'transform', 'target_transform')
        if vars(each).get(name) is not None
    ]


def transforms_of(dataset: Any) -> Iterator[Any]:
    """Go through all transforms of a data set, those within others too.

    Args:
        dataset (Any): A data set.

    Yields:
        Any: Each transform, or part of one.
    """
    for pipeline in pipelines_of(dataset):
        yield from _parts(pipeline, set())


def _parts(value: Any, seen: set[int]) -> Iterator[Any]:
    """Go through an object and the objects in it."""
    if id(value) in seen or isinstance(value, OPAQUE):
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, (list, tuple)):
        inner = value
    elif hasattr(value, '__dict__') and not isinstance(value, GENERATORS):
        if not isinstance(value, Compose):
            yield value
        inner = vars(value).values()
    else:
        return
    for each in inner:
        yield from _parts(each, seen)


def _mixes(part: Any) -> bool:
    """Tell what makes a sample of several."""
    return not MIXING.isdisjoint(base.__name__ for base in type(part).__mro__)


def _refuse(part: Any, reason: str) -> None:
    raise ValueError(
        f'SeededViews cannot repeat the views of the data set: {type(part).__name__} '
        f'{reason}. Take it out of the pipeline, or train without SeededViews and '
        'mentor_cache.'
    )
