# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import json
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from ...models.algorithms import ClassroomDistill
from ...models.classroom.statistics import ROWS, describe
from .student_config_hook import StudentConfigHook

# Name in the log, name in the report. MMEngine's LogProcessor averages whatever has
# 'loss' in its name over its last 10 values: these are averages already.
LOGGED = dict(taught='taught', rank='rank', temperature='temperature', kd='loss')
REPORT = 'classroom.jsonl'


@HOOKS.register_module()
class ClassroomHook(Hook):
    """Log what happens in the classroom, and keep its checkpoints honest.

    Into MMEngine's message hub, and so into the text log, the JSON log,
    TensorBoard and WandB, it writes ``student/score`` and for every mentor
    ``<name>/taught`` (share of the samples it taught), ``<name>/rank``,
    ``<name>/temperature`` (on those samples) and ``<name>/kd`` (its part of the
    distillation loss), each a mean since the last time. At the end of each epoch it
    appends one line of JSON to ``classroom.jsonl`` in the work dir.

    A mentor whose output was NaN or infinite is warned about once; a student's is
    an error. Into each checkpoint goes a manifest of the mentors, and a run is not
    resumed with other weights under the same names.

    Args:
        interval (int): Log every so many iterations. Only then are numbers
            transferred from the device. Defaults to 10, as LoggerHook does.
        allow_other_mentors (bool): Resume although a mentor has changed. Defaults
            to False.

    Raises:
        ValueError: If the interval is not a positive int.

    Examples:
        >>> custom_hooks = [dict(type='mmrazor.ClassroomHook')]
    """

    priority = 'NORMAL'

    def __init__(self, interval: int = 10, allow_other_mentors: bool = False) -> None:
        if not isinstance(interval, int) or interval < 1:
            raise ValueError(
                f'ClassroomHook: interval={interval!r} must be an int of 1 or more.'
            )
        self.interval = interval
        self.allow_other_mentors = allow_other_mentors
        self._warned: set[str] = set()
        self._manifest: dict | None = None

    def before_run(self, runner: Runner) -> None:
        """Bring the hook along that leaves a config of the student.

        Args:
            runner (Runner): The runner.
        """
        # The runner is going through its hooks: one of the same priority or a lower
        # one goes behind this hook, and disturbs nothing.
        if not any(isinstance(hook, StudentConfigHook) for hook in runner.hooks):
            runner.register_hook(StudentConfigHook())

    def before_train(self, runner: Runner) -> None:
        """Start the sums, and drop report lines of epochs that are run again.

        Args:
            runner (Runner): The runner.

        Raises:
            TypeError: If the runner's model is no ClassroomDistill.
        """
        model = _unwrap(runner.model)
        if not isinstance(model, ClassroomDistill):
            raise TypeError(
                'ClassroomHook needs a model of the type ClassroomDistill, but the '
                f'model is a {type(model).__name__}. Remove the hook or the other '
                'model.'
            )
        self._interval_sums, self._epoch_sums = _Sums(), _Sums()
        if is_main_process():
            _truncate_report(Path(runner.work_dir, REPORT), runner.epoch)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, *_: Any, **__: Any
    ) -> None:
        """Add up the iteration's numbers, and log them at intervals.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch in the epoch.
        """
        distiller = _unwrap(runner.model).distiller
        if distiller.last_sums is None:  # distillation is stopped
            return
        self._interval_sums.add(distiller.last_sums, distiller.last_size)
        distiller.last_sums = None
        if self.every_n_inner_iters(batch_idx, self.interval):
            self._log(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Append the epoch's line to the report.

        Args:
            runner (Runner): The runner.
        """
        if self._interval_sums.size:
            self._log(runner)
        if not self._epoch_sums.size:
            return
        names = _unwrap(runner.model).mentors.names
        line = dict(
            epoch=runner.epoch + 1,
            iter=runner.iter,
            **describe(self._epoch_sums.values.tolist(), self._epoch_sums.size, names),
        )
        self._epoch_sums = _Sums()
        if is_main_process():
            with Path(runner.work_dir, REPORT).open('a', encoding='utf-8') as file:
                file.write(json.dumps(line) + '\n')

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Write the manifest of the mentors into a checkpoint.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What will be saved.
        """
        checkpoint['meta']['mentors'] = self._mentors_manifest(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse to resume with other mentors under the same names.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was loaded.

        Raises:
            ValueError: If the weights of a mentor are others than in the run that
                is resumed.
        """
        saved = checkpoint.get('meta', {}).get('mentors')
        if not runner._resume or not saved or self.allow_other_mentors:
            return
        for name, now in self._mentors_manifest(runner).items():
            then = saved.get(name)
            if then and then['sha256'] != now['sha256']:
                raise ValueError(
                    f'The run to resume had another mentor {name!r}: its weights '
                    f'were from {then["source"]!r} (SHA-256 {then["sha256"][:12]}…), '
                    f'now they are from {now["source"]!r} ({now["sha256"][:12]}…). '
                    'Restore them, start anew in another work dir, or set '
                    'ClassroomHook(allow_other_mentors=True).'
                )

    def _mentors_manifest(self, runner: Runner) -> dict:
        if self._manifest is None:
            self._manifest = _unwrap(runner.model).mentors.manifest()
        return self._manifest

    def _log(self, runner: Runner) -> None:
        """Take the sums of the interval off the device and into the log."""
        sums = self._interval_sums.reduced()
        self._interval_sums = _Sums()
        self._epoch_sums.add(sums.values, sums.size)
        names = _unwrap(runner.model).mentors.names
        described = describe(sums.values.tolist(), sums.size, names)
        self._check_finite(runner, sums.values[ROWS.index('invalid')], described)
        update = runner.message_hub.update_scalar
        update('train/student/score', described['student']['score'])
        for name, values in described['mentors'].items():
            for logged, key in LOGGED.items():
                if values[key] is not None:
                    update(f'train/{name}/{logged}', values[key])

    def _check_finite(
        self, runner: Runner, invalid: torch.Tensor, described: dict
    ) -> None:
        """Warn of a broken mentor once, and stop for a broken student."""
        if invalid[0] > 0:
            raise FloatingPointError(
                'The student gave NaN or infinite outputs within the last '
                f'{self.interval} iterations. Lower the learning rate, clip the '
                'gradients, or look for broken inputs and labels.'
            )
        for name, values in described['mentors'].items():
            if values['invalid'] and name not in self._warned:
                self._warned.add(name)
                runner.logger.warning(
                    f'Mentor {name!r} gave NaN or infinite outputs for '
                    f'{values["invalid"]} samples. It does not teach these; look at '
                    'its weights and its input. This is said once.'
                )


class _Sums:
    """A matrix of sums and the number of samples in it."""

    def __init__(self) -> None:
        self.values: torch.Tensor | None = None
        self.size = 0

    def add(self, values: torch.Tensor, size: int) -> None:
        self.values = values if self.values is None else self.values + values
        self.size += size

    def reduced(self) -> '_Sums':
        """Add up over all processes, in float64 on the CPU."""
        packed = torch.cat(
            [self.values.flatten(), self.values.new_tensor([float(self.size)])]
        )
        all_reduce(packed)
        *values, size = packed.double().cpu().unbind()
        total = _Sums()
        total.add(torch.stack(values).view(self.values.shape), int(size))
        return total


def _unwrap(model: torch.nn.Module) -> torch.nn.Module:
    """Take a model out of its distributed wrapper."""
    return model.module if is_model_wrapper(model) else model


def _truncate_report(path: Path, epochs: int) -> None:
    """Keep only the lines of epochs that are behind a resumed run."""
    if not path.is_file():
        return
    lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    # A kill can cut off the last line, which then has no end either.
    whole = (line for line in lines if line.endswith('\n'))
    kept = [line for line in whole if json.loads(line)['epoch'] <= epochs]
    path.write_text(''.join(kept), encoding='utf-8')
