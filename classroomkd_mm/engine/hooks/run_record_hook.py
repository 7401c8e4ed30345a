# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import resource
import time
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from ...benchmark.record import is_finished, write_record

SUFFIX = '_classwise'
"""MMPretrain's metrics end in it where they have a value for each class."""


@HOOKS.register_module()
class RunRecordHook(Hook):
    """Write what a comparison needs to know of a run to ``record.json``.

    That is, while it trains, how far it is; after the validation behind the last
    iteration the metrics (numbers by name, and lists by class), the seconds of an
    iteration (median) and of the whole run, the peak of memory, the size of the last
    checkpoint and the number of trained parameters. A run that was killed in that
    validation makes up for it when it is resumed; a finished one keeps its record.

    Source: docs/benchmark.md.

    Args:
        interval (int): Iterations between two reports of the progress. Defaults to 20.
    """

    # After CheckpointHook, which has VERY_LOW.
    priority = 'LOWEST'

    def __init__(self, interval: int = 20) -> None:
        self.interval = interval
        self._began = time.monotonic()
        self._first = 0
        self._is_finished = False

    def before_train(self, runner: Runner) -> None:
        """Begin to measure, or go on.

        Args:
            runner (Runner): The runner.
        """
        self._first = runner.iter
        earlier = sum(times(runner)) if runner.iter else 0
        self._began = time.monotonic() - earlier
        at_end = runner.iter >= runner.max_iters
        self._is_finished = at_end and is_finished(Path(runner.work_dir))
        if not at_end:
            self._write(runner, runner.iter, finished=False)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Report the progress.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Index of the batch in its epoch.
            data_batch (Any): The batch.
            outputs (dict, optional): The losses.
        """
        if self.every_n_train_iters(runner, self.interval):
            self._write(runner, runner.iter + 1, finished=False)

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Report the result after the last iteration.

        Args:
            runner (Runner): The runner.
            metrics (dict, optional): The metrics of the validation.
        """
        # As long as the loop has not been built, this is a validation by itself.
        if isinstance(runner._train_loop, dict) or runner.iter < runner.max_iters:
            return
        metrics = metrics or {}
        lists = {k: list(v) for k, v in metrics.items() if k.endswith(SUFFIX)}
        measured = measurements(runner)
        if runner.iter == self._first:
            measured['peak_memory_mb'] = None  # The process has trained nothing.
        self._write(
            runner,
            runner.iter,
            finished=True,
            metrics={k: float(v) for k, v in metrics.items() if isinstance(v, Real)},
            by_class=next(iter(lists.values()), None),
            **measured,
        )
        self._is_finished = True

    def after_train(self, runner: Runner) -> None:
        """Validate a run that was resumed at its end, if no validation has finished it.

        Args:
            runner (Runner): The runner.
        """
        at_end = runner.iter >= runner.max_iters
        if at_end and not self._is_finished and runner.val_loop is not None:
            runner.val_loop.run()

    def _write(self, runner: Runner, iteration: int, **entries: Any) -> None:
        if is_main_process():
            progress = dict(
                iteration=iteration,
                iterations=runner.max_iters,
                seconds=time.monotonic() - self._began,
            )
            write_record(Path(runner.work_dir), {**progress, **entries})


def times(runner: Runner) -> np.ndarray:
    """Look up how long the iterations took, also those before a run was resumed.

    Args:
        runner (Runner): During or after training.

    Returns:
        np.ndarray: In seconds, one for each iteration.
    """
    return runner.message_hub.get_scalar('train/time').data[0]


def measurements(runner: Runner) -> dict[str, Any]:
    """Measure what a run takes.

    Args:
        runner (Runner): After training.

    Returns:
        dict[str, Any]: ``seconds_per_iteration``, ``peak_memory_mb`` of ``device``
        (of the process, if that is the CPU), ``checkpoint_mb``, ``trained_parameters``
        and ``torch``, its version.
    """
    device = next(runner.model.parameters()).device
    if device.type == 'cuda':
        name = torch.cuda.get_device_name(device)
        memory = torch.cuda.max_memory_allocated(device) / 1e6
    else:
        name = 'CPU'
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    last = runner.message_hub.get_info('last_ckpt', None)
    trained = (p.numel() for p in runner.model.parameters() if p.requires_grad)
    return dict(
        seconds_per_iteration=float(np.median(times(runner))),
        peak_memory_mb=memory,
        checkpoint_mb=Path(last).stat().st_size / 1e6 if last else None,
        trained_parameters=sum(trained),
        device=name,
        torch=torch.__version__,
    )
