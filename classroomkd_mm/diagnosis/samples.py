# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A few samples of a dataset, taken without disturbing those who train on it."""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.fileio.io import backend_instances

from ..random_states import keep_random_states

STATEFUL = ('pipeline', 'transform', 'transforms')
"""Attributes of datasets whose parts may hold generators or open files."""


@contextmanager
def undisturbed(device: torch.device) -> Iterator[None]:
    """Leave random generators and open files as they were.

    MMEngine keeps storage backends for all datasets. One that is opened here, such as
    an LMDB environment, must not be inherited by the workers of a data loader.

    Args:
        device (torch.device): The device that is used besides the CPU.

    Yields:
        None: Samples can be read.
    """
    known = set(backend_instances)
    try:
        with keep_random_states(device):
            yield
    finally:
        for key in set(backend_instances) - known:
            del backend_instances[key]


def some_indices(length: int, count: int) -> list[int]:
    """Choose samples at random, always the same ones.

    The first samples would not do: many datasets are sorted by class.

    Args:
        length (int): Length of the dataset.
        count (int): Number of samples.

    Returns:
        list[int]: Different indices, as many as there are.
    """
    return random.Random(0).sample(range(length), min(count, length))


def take_batch(
    dataset: Any, collate: Callable[[list], Any], indices: Sequence[int]
) -> Any:
    """Build a batch, without a data loader and its workers.

    Args:
        dataset (Dataset): With ``__getitem__``; its transforms are copied first.
        collate (Callable): What the data loader makes a batch with.
        indices (Sequence[int]): Of the samples.

    Returns:
        Any: The batch, for a data preprocessor.
    """
    dataset = _with_own_transforms(dataset)
    return collate([dataset[index] for index in indices])


def _with_own_transforms(dataset: Any) -> Any:
    """Copy a dataset, but share its data."""
    dataset = copy.copy(dataset)
    for name in STATEFUL:
        if name in vars(dataset):
            setattr(dataset, name, copy.deepcopy(getattr(dataset, name)))
    if 'dataset' in vars(dataset):
        dataset.dataset = _with_own_transforms(dataset.dataset)
    if isinstance(vars(dataset).get('datasets'), list):  # ConcatDataset
        dataset.datasets = [_with_own_transforms(each) for each in dataset.datasets]
    return dataset
