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

from ...benchmark.record import write_record

SUFFIX = '_classwise'
"""MMPretrain's metrics end in it where they have a value for each class."""


@HOOKS.register_module()
class RunRecordHook(Hook):
    """Write what a comparison needs to know of a run to ``record.json``.

    That is, while it trains, how far it is; after the validation behind the last
    iteration the metrics (numbers by name, and lists by class), the seconds of an
    iteration (median) and of the whole run, the peak of memory, the size of the last
    checkpoint and the number of trained parameters.

    Source: docs/benchmark.md.

    Args:
        interval (int): Iterations between two reports of the progress. Defaults to 20.
    """

    # After CheckpointHook, which has VERY_LOW.
    priority = 'LOWEST'

    def __init__(self, interval: int = 20) -> None:
        self.interval = interval
        self._began = time.monotonic()

    def before_train(self, runner: Runner) -> None:
        """Begin to measure.

        Args:
            runner (Runner): The runner.
        """
        self._began = time.monotonic()
        self._write(runner, finished=False)

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
            self._write(runner, finished=False)

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
        self._write(
            runner,
            finished=True,
            metrics={k: float(v) for k, v in metrics.items() if isinstance(v, Real)},
            by_class=next(iter(lists.values()), None),
            **measurements(runner),
        )

    def _write(self, runner: Runner, **entries: Any) -> None:
        if is_main_process():
            progress = dict(
                iteration=runner.iter + (not entries['finished']),
                iterations=runner.max_iters,
                seconds=time.monotonic() - self._began,
            )
            write_record(Path(runner.work_dir), {**progress, **entries})


def measurements(runner: Runner) -> dict[str, Any]:
    """Measure what a run takes.

    Args:
        runner (Runner): After training.

    Returns:
        dict[str, Any]: ``seconds_per_iteration``, ``peak_memory_mb`` of ``device``
        (of the process, if that is the CPU), ``checkpoint_mb``, ``trained_parameters``
        and ``torch``, its version.
    """
    times, _ = runner.message_hub.get_scalar('train/time').data
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
        seconds_per_iteration=float(np.median(times)),
        peak_memory_mb=memory,
        checkpoint_mb=Path(last).stat().st_size / 1e6 if last else None,
        trained_parameters=sum(trained),
        device=name,
        torch=torch.__version__,
    )
