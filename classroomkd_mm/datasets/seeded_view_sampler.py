# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from .seeded_views import SeededViews


@DATA_SAMPLERS.register_module()
class SeededViewSampler(Sampler):
    """Show each sample in view ``epoch % K``, in the order of another sampler.

    The epoch is the one that MMEngine's loops set; of an InfiniteSampler, which knows
    none, the number of times that it has gone through the data set.

    Source: docs/caching.md, "Views".

    Args:
        dataset (SeededViews): The data set; the Runner gives it.
        sampler (dict | Sampler, optional): A DefaultSampler or InfiniteSampler, with
            its options. Defaults to DefaultSampler.
        seed (int, optional): For the order; the Runner gives it.

    Raises:
        TypeError: If the data set has no views, or the sampler is another one.
    """

    def __init__(
        self,
        dataset: SeededViews,
        sampler: Mapping[str, Any] | Sampler | None = None,
        seed: int | None = None,
    ) -> None:
        if not isinstance(dataset, SeededViews):
            raise TypeError(
                'SeededViewSampler needs the data set SeededViews, but got '
                f'{type(dataset).__name__}: wrap it, or use another sampler.'
            )
        sampler = sampler or dict(type='DefaultSampler')
        if isinstance(sampler, Mapping):
            sampler = DATA_SAMPLERS.build(
                sampler, default_args=dict(dataset=dataset, seed=seed)
            )
        if type(sampler) not in (DefaultSampler, InfiniteSampler):
            raise TypeError(
                'SeededViewSampler knows the epochs of DefaultSampler and '
                f'InfiniteSampler, but not those of {type(sampler).__name__}.'
            )
        self.dataset = dataset
        self.sampler = sampler
        self.epoch = 0
        self.restart()

    def __iter__(self) -> Iterator[int]:
        """Give the indices of an epoch, or all that are left of an endless series."""
        if self._endless is not None:
            return self._endless
        first = self._first(self.epoch)
        return (first + index for index in self.sampler)

    def __len__(self) -> int:
        return len(self.sampler)

    def set_epoch(self, epoch: int) -> None:
        """Go to an epoch: to its view, and to its order.

        Args:
            epoch (int): Its number, from 0.
        """
        self.epoch = epoch
        self.sampler.set_epoch(epoch)

    def restart(self) -> None:
        """Go through an endless series from its start, as its sampler does."""
        self._endless = None
        if isinstance(self.sampler, InfiniteSampler):
            self._endless = self._endless_indices(self.sampler)

    def _first(self, epoch: int) -> int:
        """The index of sample 0 in the view of an epoch."""
        return epoch % self.dataset.num_views * len(self.dataset)

    def _endless_indices(self, sampler: InfiniteSampler) -> Iterator[int]:
        """Count, over all processes, how often the data set has been gone through."""
        for count, index in enumerate(sampler):
            position = sampler.rank + sampler.world_size * count
            yield self._first(position // sampler.size) + index


def with_views(sampler: Sampler, views: SeededViews) -> SeededViewSampler:
    """Make a sampler like another one, from its start, that shows views.

    Args:
        sampler (Sampler): A DefaultSampler, InfiniteSampler or SeededViewSampler.
        views (SeededViews): What to sample from.

    Returns:
        SeededViewSampler: It gives the same samples in the same order.

    Raises:
        TypeError: If it is another sampler.
    """
    if isinstance(sampler, SeededViewSampler):
        sampler = sampler.sampler
    if type(sampler) not in (DefaultSampler, InfiniteSampler):
        raise TypeError(
            f'mentor_cache does not know the epochs of {type(sampler).__name__}: set '
            "train_dataloader.sampler to dict(type='DefaultSampler', shuffle=True), or "
            'InfiniteSampler for training by iterations.'
        )
    names = ('shuffle', 'seed', 'round_up')
    options = {name: vars(sampler)[name] for name in names if name in vars(sampler)}
    return SeededViewSampler(views, type(sampler)(views, **options))
