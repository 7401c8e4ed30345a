# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import logging
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner
from mmrazor.registry import HOOKS
from torch.utils.data import DataLoader, IterableDataset

from ...datasets.seeded_batches import SeededBatches, restart, seed_of, seeded_loader
from ...random_states import seed_generators

_STEP = 2  # what is drawn; the data loader's draws have 0 and 1


@HOOKS.register_module()
class ResumeHook(Hook):
    """Make a resumed run go on as if it had not been interrupted.

    A checkpoint of MMEngine holds weights, optimizer and schedule. This hook cares for
    the rest: the order of samples goes on at the batch where it stopped, also within an
    epoch and without loading earlier batches again; what is drawn at random in a step
    or a batch, by dropout or transforms, depends on the seed of the run and the
    number of the step or batch alone; and gradients that wait for further ones are
    in the checkpoint.

    :class:`ClassroomHook` registers this hook if the config does not list it. It works
    with any model.

    Source: docs/reliability.md, "Resume".

    Examples:
        >>> custom_hooks = [dict(type='mmrazor.ResumeHook')]
    """

    # After those that replace the data loader, and before CheckpointHook.
    priority = 'LOW'

    def __init__(self) -> None:
        self._place: dict[str, int] = {}
        self._gradients: dict[str, torch.Tensor] = {}
        self._batches: SeededBatches | None = None
        self._epoch = self._batch = 0

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Read where the run was, if it is resumed.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The loaded checkpoint.
        """
        if runner._resume:
            self._place = checkpoint.get('meta', {}).get('place', {})
            self._gradients = checkpoint.get('gradients', {})

    def before_train(self, runner: Runner) -> None:
        """Go to the place in the data, and take the gradients.

        Args:
            runner (Runner): The runner.
        """
        for name, parameter in _model(runner).named_parameters():
            if name in self._gradients:
                parameter.grad = self._gradients[name].to(parameter)
        self._gradients = {}
        loop = runner.train_loop
        if isinstance(loop.dataloader.dataset, IterableDataset):
            return  # only MMEngine's way is left: to load all again
        loop.dataloader = seeded_loader(loop.dataloader, runner.seed)
        self._batches = loop.dataloader.batch_sampler
        restart(self._batches.sampler, self._place.get('sampler_seed'))
        self._epoch, self._batch = self._start(runner)
        if isinstance(loop, IterBasedTrainLoop):
            loop.dataloader_iterator = self._endless(loop.dataloader, runner.iter)

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin where the epoch was interrupted, or at its start.

        Args:
            runner (Runner): The runner.
        """
        loop, first = runner.train_loop, self._batch
        if self._batches is None or not isinstance(loop, EpochBasedTrainLoop):
            return
        self._batches.begin(runner.epoch, first)
        if first:  # the loop counts from 0
            loop.run_iter = lambda index, batch: type(loop).run_iter(
                loop, first + index, batch
            )

    def before_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        """Seed what the step draws, on other devices than the CPU too.

        Args:
            runner (Runner): The runner.
        """
        seed_generators(runner.seed, _STEP, runner.iter)
        if next(runner.model.parameters()).device.type != 'cpu':
            torch.manual_seed(torch.initial_seed())

    def after_train_iter(self, runner: Runner, batch_idx: int, *_: Any, **__: Any):
        """Count the batches of an epoch.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Index of the batch in the epoch.
        """
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            self._epoch, self._batch = runner.epoch, batch_idx + 1

    def after_train_epoch(self, runner: Runner) -> None:
        """Begin the next epoch at its start.

        Args:
            runner (Runner): The runner.
        """
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            self._epoch, self._batch = runner.epoch + 1, 0
            vars(runner.train_loop).pop('run_iter', None)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Record where the run is.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The checkpoint to save.
        """
        if self._batches is not None:
            checkpoint['meta']['place'] = dict(
                epoch=self._epoch,
                batch=self._batch,
                batches=len(self._batches),
                sampler_seed=seed_of(self._batches.sampler),
            )
        wrapper = runner.optim_wrapper
        if isinstance(wrapper, OptimWrapper) and not wrapper.should_update():
            checkpoint['gradients'] = {
                name: parameter.grad.cpu()
                for name, parameter in _model(runner).named_parameters()
                if parameter.grad is not None
            }

    def _start(self, runner: Runner) -> tuple[int, int]:
        """Find the epoch, and the batch in it, to begin with."""
        place = self._place
        epoch, batch = place.get('epoch', 0), place.get('batch', 0)
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            batch = batch if epoch == runner.epoch else 0
            epoch = runner.epoch
        elif runner.iter and not place:
            _warn(
                'The checkpoint does not say which samples the run has seen. It goes '
                'on with the first ones.'
            )
        if batch and place['batches'] != len(self._batches):
            _warn(
                f'The run was interrupted after {batch} of {place["batches"]} batches, '
                f'but now there are {len(self._batches)}: the data set or the batch '
                'size has changed. The epoch begins anew.'
            )
            batch = 0
        return epoch, batch

    def _endless(self, loader: DataLoader, trained: int) -> Iterator[Any]:
        """Give batches to a loop that does not know epochs."""
        yield from repeat({}, trained)  # which the loop asks for, to skip them
        while True:
            self._batches.begin(self._epoch, self._batch)
            for batch in loader:
                self._batch += 1
                yield batch
            self._epoch, self._batch = self._epoch + 1, 0


def _model(runner: Runner) -> torch.nn.Module:
    """Get the model without its distributed wrapper."""
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def _warn(message: str) -> None:
    print_log(message, logger='current', level=logging.WARNING)
