# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from mmengine.registry import DATASETS
from torch.utils.data import IterableDataset, get_worker_info

from ..random_states import seed_generators
from .repeatability import check_repeatable

CACHE_FIELD = 'mentor_cache'
"""Where a data sample has its :class:`CachedView`."""


class CachedView(NamedTuple):
    """What a cache holds of one view of a sample.

    Attributes:
        entry (int): Number of the view times the number of samples, plus the number
            of the sample.
        outputs (dict[str, bytes]): Packed outputs by the names of the mentors, as far
            as they are there.
    """

    entry: int
    outputs: dict[str, bytes]


class OutputReader(Protocol):
    """What a :class:`SeededViews` can be given to read cached outputs with."""

    def read(self, entry: int) -> dict[str, bytes]:
        """Read what is there of an entry.

        Args:
            entry (int): Its number, see :class:`CachedView`.

        Returns:
            dict[str, bytes]: Packed outputs by the names of the mentors.
        """


@DATASETS.register_module()
class SeededViews:
    """A data set whose random transforms repeat: K views of each sample.

    Whatever the transforms of sample i draw in its view v, from NumPy, ``random`` or
    PyTorch, depends on (seed, i, v) alone, and so is the same in every epoch, worker,
    process and run. What is drawn elsewhere does not change.

    The view is a part of the index: ``view * len(self) + sample``.
    :class:`~classroomkd_mm.datasets.seeded_view_sampler.SeededViewSampler` gives such
    indices, with view ``epoch % K``; a plain sampler shows view 0 in every epoch.

    Source: docs/caching.md, "Views".

    Args:
        dataset (dict | Dataset): Any data set with an index and a length.
        num_views (int): K.
        seed (int): What the views are drawn from. Defaults to 0.
        lazy_init (bool): As for MMEngine's wrappers: leave the annotations of the
            data set unread until ``full_init`` is called. Defaults to False.

    Raises:
        TypeError: If the data set has no stable indices.
        ValueError: If there is no view, or a transform's result does not depend on
            its sample and random draws alone.

    Examples:
        >>> train_dataloader = dict(
        ...     dataset=dict(type='SeededViews', num_views=4, dataset=dict(...)),
        ...     sampler=dict(
        ...         type='SeededViewSampler', sampler=dict(type='DefaultSampler')
        ...     ),
        ... )
    """

    def __init__(
        self, dataset: Any, num_views: int, seed: int = 0, lazy_init: bool = False
    ) -> None:
        check_views('SeededViews', num_views, seed)
        if isinstance(dataset, Mapping):
            dataset = DATASETS.build(dataset)
        if isinstance(dataset, IterableDataset) or not hasattr(dataset, '__len__'):
            raise TypeError(
                f'SeededViews: {type(dataset).__name__} has no stable indices, so '
                'that views of its samples cannot be told apart. Use a data set with '
                '__getitem__ and __len__.'
            )
        check_repeatable(dataset)
        self.dataset = dataset
        self.num_views = num_views
        self.seed = seed
        #: What reads cached outputs into the samples, if there is a cache.
        self.reader: OutputReader | None = None
        if not lazy_init:
            self.full_init()

    def full_init(self) -> None:
        """Read the annotations of the data set, if that has not been done."""
        if hasattr(self.dataset, 'full_init'):
            self.dataset.full_init()

    @property
    def metainfo(self) -> dict:
        """dict: That of the data set."""
        return self.dataset.metainfo

    def get_data_info(self, index: int) -> dict:
        """Look up the annotation of a sample.

        Args:
            index (int): Number of the sample, in any view.

        Returns:
            dict: The annotation.
        """
        return self.dataset.get_data_info(index % len(self))

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Iterable[int]) -> list[Any]:
        """Load a batch, for which the generators are put aside only once.

        Args:
            indices (Iterable[int]): Of samples in views.

        Returns:
            list: The samples.
        """
        indices = list(indices)  # a SeededBatch seeds the process that asks for them
        with generators_put_aside():
            return [self._load(index) for index in indices]

    def _load(self, index: int) -> Any:
        """Load a sample in a view, whatever becomes of the generators."""
        view, sample = divmod(index, len(self))
        if not 0 <= view < self.num_views:
            raise IndexError(
                f'SeededViews: the index {index} is beyond the {self.num_views} views '
                f'of {len(self)} samples.'
            )
        seed_generators(self.seed, sample, view)
        data = self.dataset[sample]
        if self.reader is not None:
            view_of = CachedView(index, self.reader.read(index))
            data['data_samples'].set_field(view_of, CACHE_FIELD)
        return data

    def __getattr__(self, name: str) -> Any:
        # Not during unpickling, when there is no data set yet to ask.
        if name.startswith('__') or 'dataset' not in vars(self):
            raise AttributeError(name)
        return getattr(self.dataset, name)


@contextmanager
def generators_put_aside() -> Iterator[None]:
    """Keep what NumPy, ``random`` and PyTorch on the CPU will draw.

    Yields:
        None: Afterwards all three are in the state in which they were. Not so in a
        worker of a data loader, where nothing else draws, and the state of NumPy
        takes longer to keep than many a transform.
    """
    keep = get_worker_info() is None
    if keep:
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        if keep:
            random.setstate(states[0])
            np.random.set_state(states[1])
            torch.set_rng_state(states[2])


def check_views(owner: str, num_views: Any, seed: Any) -> None:
    """Refuse a number of views or a seed that cannot be.

    Args:
        owner (str): Whose options they are, for the message.
        num_views (Any): Should be an int of 1 or more.
        seed (Any): Should be an int of 0 or more.

    Raises:
        ValueError: If one is not.
    """
    for name, value, least in (('num_views', num_views, 1), ('seed', seed, 0)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(
                f'{owner}: {name}={value!r} must be an int of {least} or more.'
            )
