# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Filling a cache beforehand, with whatever is not there yet."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_dist_info
from torch.utils.data import DataLoader

from .connect import rebuilt


def missing_entries(mentors: Any) -> np.ndarray:
    """List the entries that at least one mentor lacks.

    Args:
        mentors (Mentors): Cached mentors that are connected.

    Returns:
        np.ndarray: Their numbers, int64 (M,), ascending.
    """
    return np.flatnonzero(~np.all([mentor.store.filled for mentor in mentors], axis=0))


def size_on_disk(mentors: Any) -> int:
    """Add up what the entries take, filled or not.

    Args:
        mentors (Mentors): Cached mentors that are connected.

    Returns:
        int: Bytes.
    """
    return sum(mentor.store.size for mentor in mentors)


@torch.no_grad()
def fill(model: Any, loader: DataLoader, entries: np.ndarray) -> Iterator[int]:
    """Run the mentors for entries, each process for its share.

    Args:
        model (ClassroomDistill): The classroom, with a cache.
        loader (DataLoader): What its ``connect_cache`` returned.
        entries (np.ndarray): Numbers of entries, the same in all processes.

    Yields:
        int: After each batch the number of entries that it has added.
    """
    rank, world_size = get_dist_info()
    share = entries[rank::world_size].tolist()
    for batch in rebuilt(loader, loader.dataset, sampler=share, drop_last=False):
        data = model.data_preprocessor(batch, True)
        model.mentors(data['inputs'], data['data_samples'])
        yield len(data['data_samples'])
