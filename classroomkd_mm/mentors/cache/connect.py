# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Joining a classroom, its cache and a data loader, before the first batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.dist import barrier, is_main_process
from mmengine.logging import print_log
from torch import nn
from torch.utils.data import BatchSampler, DataLoader

from ...datasets.identity import dataset_identity
from ...datasets.metainfo import metainfo_of
from ...datasets.repeatability import transforms_of
from ...datasets.seeded_view_sampler import with_views
from ...datasets.seeded_views import SeededViews
from ...fingerprints import digest
from ...tasks import Task
from .cache import MentorCache
from .cached_mentor import CachedMentor
from .cached_mentors import CachedMentors
from .options import CacheOptions


class StoredOutputs:
    """Read entries of all mentors, in the workers of a data loader.

    Args:
        mentors (Iterable[CachedMentor]): All of them.
    """

    def __init__(self, mentors: Iterable[CachedMentor]) -> None:
        self._stores = {mentor.name: mentor.store for mentor in mentors}

    def read(self, entry: int) -> dict[str, Any]:
        """Read what is there of an entry.

        Args:
            entry (int): Its number.

        Returns:
            dict[str, bytes]: Packed outputs by the names of the mentors.
        """
        read = ((name, store.read(entry)) for name, store in self._stores.items())
        return {name: packed for name, packed in read if packed is not None}


def connect(
    cache: MentorCache,
    mentors: CachedMentors,
    task: Task,
    student: nn.Module,
    loader: DataLoader,
) -> DataLoader:
    """Have a data loader give views, with what the cache holds for them.

    Args:
        cache (MentorCache): The cache.
        mentors (CachedMentors): The mentors.
        task (Task): The student's.
        student (nn.Module): The student.
        loader (DataLoader): As the config describes it.

    Returns:
        DataLoader: Another one of the same data set, in the same order.

    Raises:
        ValueError: If the cache is of another data set, a mentor's names do not fit
            it, or views do not repeat.
        TypeError: If the data set or its sampler is of a kind that cannot be used.
        OSError: If the cache cannot be written.
    """
    views = _views(cache.options, loader.dataset)
    views.full_init()
    joined = rebuilt(loader, views)
    views.reader = None
    # Nothing here may change what is drawn in training.
    with torch.random.fork_rng(devices=[]):
        identity = dataset_identity(views)
        batch = student.data_preprocessor(_repeated_batch(views, loader), True)
        mentors.check_against_data(task, student, metainfo_of(views))
        with _main_process_first():
            cache.bind(identity)
            for mentor in mentors:
                mentor.prepare(
                    len(views) * views.num_views, batch['inputs'], batch['data_samples']
                )
    views.reader = StoredOutputs(mentors)
    print_log(f'Mentor cache {cache.path}: {_summary(mentors)}.', logger='current')
    return joined


def rebuilt(loader: DataLoader, views: SeededViews, **changes: Any) -> DataLoader:
    """Make a data loader like another one.

    Args:
        loader (DataLoader): The other one.
        views (SeededViews): What to load.
        **changes (Any): Arguments of DataLoader that differ.

    Returns:
        DataLoader: From its start, and in the same order if no sampler is given.

    Raises:
        TypeError: If the other one has a sampler or batch sampler of its own kind.
    """
    if type(loader.batch_sampler) is not BatchSampler:
        raise TypeError(
            'mentor_cache does not know the epochs of '
            f'{type(loader.batch_sampler).__name__}: remove '
            'train_dataloader.batch_sampler, or mentor_cache.'
        )
    names = (
        'batch_size', 'num_workers', 'collate_fn', 'pin_memory', 'drop_last', 'timeout',
        'worker_init_fn', 'multiprocessing_context', 'generator', 'prefetch_factor',
        'persistent_workers',
    )  # fmt: skip
    options = {name: getattr(loader, name) for name in names} | changes
    if 'sampler' not in options:
        options['sampler'] = with_views(loader.sampler, views)
    return DataLoader(views, **options)


def _summary(mentors: Iterable[CachedMentor]) -> str:
    """Say for each mentor how much is there."""
    shares = {mentor.name: mentor.store.filled.mean() for mentor in mentors}
    return ', '.join(
        f'{name} is complete' if share == 1 else f'{name} is filled to {share:.0%}'
        for name, share in shares.items()
    )


@contextmanager
def _main_process_first() -> Iterator[None]:
    """Let the main process make the files that the others then find."""
    if not is_main_process():
        barrier()
    try:
        yield
    finally:
        if is_main_process():
            barrier()


def _views(options: CacheOptions, dataset: Any) -> SeededViews:
    """Wrap a data set, unless the config has done so, in the same way."""
    if not isinstance(dataset, SeededViews):
        return SeededViews(dataset, options.num_views, options.seed, lazy_init=True)
    for name in ('num_views', 'seed'):
        ours, theirs = getattr(options, name), getattr(dataset, name)
        if ours != theirs:
            raise ValueError(
                f'mentor_cache has {name}={ours}, but SeededViews in train_dataloader '
                f'has {name}={theirs}: remove SeededViews, which mentor_cache brings '
                'along, or make them the same.'
            )
    return dataset


def _repeated_batch(views: SeededViews, loader: DataLoader) -> Mapping[str, Any]:
    """Load a sample twice, in a worker if training does, and refuse if it differs."""
    twice = [0, 1 % len(views), 0]
    changes = dict(sampler=twice, batch_size=1, generator=None)
    if loader.num_workers:
        changes |= dict(num_workers=1, persistent_workers=False)
    first, _, again = rebuilt(loader, views, **changes)
    if digest(first) != digest(again):
        names = sorted({type(part).__name__ for part in transforms_of(views)})
        raise ValueError(
            'SeededViews cannot repeat the views of the data set '
            f'{type(views.dataset).__name__}: loaded twice, its first sample differs. '
            'One of its transforms keeps state, or draws from another generator than '
            f'those of NumPy, random and PyTorch: {", ".join(names)}.'
        )
    return first
