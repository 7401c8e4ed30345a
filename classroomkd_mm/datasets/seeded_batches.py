# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Batches that can be loaded from any place on, as if those before had been loaded."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mmengine.dataset import InfiniteSampler
from mmengine.dist import get_rank
from torch.utils.data import DataLoader, Sampler

from ..random_states import seed_generators
from .seeded_view_sampler import SeededViewSampler

_ORDER, _CONTENT = 0, 1  # what is drawn


@dataclass(frozen=True)
class SeededBatch:
    """Indices of a batch. Whoever goes through them draws from a key from then on.

    A data loader's worker does so when it loads the samples, so that the random
    transforms draw the same in every worker and in every run, whatever was loaded
    before.

    Attributes:
        indices (Sequence[int]): Indices of the samples.
        key (tuple[int, ...]): What the random numbers depend on.
    """

    indices: Sequence[int]
    key: tuple[int, ...]

    def __iter__(self) -> Iterator[int]:
        """Seed the generators of this process, and give the indices."""
        seed_generators(*self.key)
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


class SeededBatches:
    """A batch sampler that begins at any batch of any epoch.

    What is drawn for batch b of epoch e, the order of the samples included, depends on
    (seed, e, b) and on the process alone.

    Source: docs/reliability.md, "Resume".

    Args:
        batches (Sampler): Another batch sampler.
        seed (int): The seed of the run.
    """

    def __init__(self, batches: Sampler, seed: int) -> None:
        self.batches = batches
        self.seed = seed
        self.begin(0, 0)

    @property
    def sampler(self) -> Sampler | None:
        """Sampler | None: What gives the order of the samples."""
        return getattr(self.batches, 'sampler', None)

    def begin(self, epoch: int, first: int) -> None:
        """Choose where the next iterator begins.

        Args:
            epoch (int): The epoch; of an endless sampler 0.
            first (int): The number of batches to leave out.
        """
        self.epoch = epoch
        self.first = first

    def __iter__(self) -> Iterator[SeededBatch]:
        """Give the batches of an epoch that are left."""
        if hasattr(self.sampler, 'set_epoch'):
            self.sampler.set_epoch(self.epoch)
        seed_generators(self.seed, _ORDER, self.epoch)
        key = (self.seed, _CONTENT, get_rank(), self.epoch)
        for number, indices in islice(enumerate(self.batches), self.first, None):
            yield SeededBatch(indices, (*key, number))

    def __len__(self) -> int:
        return len(self.batches)

    def __getattr__(self, name: str) -> Any:
        # Not during copying, when there is nothing yet to ask.
        if 'batches' not in vars(self):
            raise AttributeError(name)
        return getattr(self.batches, name)


def seeded_loader(loader: DataLoader, seed: int) -> DataLoader:
    """Make a data loader like another one, with :class:`SeededBatches`.

    Args:
        loader (DataLoader): The other one, which loads batches. It is not changed,
            except that its workers, if it has begun, may stop.
        seed (int): The seed of the run.

    Returns:
        DataLoader: From its start.
    """
    loader._iterator = None  # persistent workers
    seeded, batches = copy.copy(loader), loader.batch_sampler
    if isinstance(batches, SeededBatches):  # of an earlier run
        batches = batches.batches
    # DataLoader refuses an assignment, which could contradict its other arguments.
    vars(seeded)['batch_sampler'] = SeededBatches(batches, seed)
    return seeded


def restart(sampler: Sampler | None, seed: int | None) -> None:
    """Take a sampler back to its start.

    Args:
        sampler (Sampler, optional): Any sampler.
        seed (int, optional): Its seed from now on. None keeps the one that it has.
    """
    inner = sampler.sampler if isinstance(sampler, SeededViewSampler) else sampler
    if seed is not None:
        inner.seed = seed
    if isinstance(inner, InfiniteSampler):
        inner.indices = inner._indices_of_rank()
    if isinstance(sampler, SeededViewSampler):
        sampler.restart()


def seed_of(sampler: Sampler | None) -> int | None:
    """Read the seed of a sampler.

    Args:
        sampler (Sampler, optional): Any sampler.

    Returns:
        int | None: None if it has none.
    """
    inner = sampler.sampler if isinstance(sampler, SeededViewSampler) else sampler
    return getattr(inner, 'seed', None)
