# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import json
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from ...classroom.statistics import ROWS, describe
from ...options import check_options
from .classroom_model import classroom_of
from .mentor_cache_hook import MentorCacheHook
from .mentor_manifest_hook import MentorManifestHook

# Name in the log, name in the report. MMEngine's LogProcessor averages whatever has
# 'loss' in its name over its last 10 values: these are averages already.
LOGGED = dict(taught='taught', rank='rank', temperature='temperature', kd='loss')
REPORT = 'classroom.jsonl'


@HOOKS.register_module()
class ClassroomHook(Hook):
    """Log what happens in the classroom.

    Into MMEngine's message hub, and so into the text log, the JSON log,
    TensorBoard and WandB, it writes ``student/score`` and for every mentor
    ``<name>/taught`` (share of the samples it taught), ``<name>/rank``,
    ``<name>/temperature`` (on those samples) and ``<name>/kd`` (its part of the
    distillation loss), each a mean since the last time. At the end of each epoch it
    appends one line of JSON to ``classroom.jsonl`` in the work dir.

    A mentor whose output was NaN or infinite is warned about once; a student's is
    an error. The hook brings along :class:`MentorManifestHook` and
    :class:`MentorCacheHook`, unless the config names them itself.

    Args:
        interval (int): Log every so many iterations. Only then are numbers
            transferred from the device. Defaults to 10, as LoggerHook does.

    Raises:
        ValueError: If the interval is not a positive int.

    Examples:
        >>> custom_hooks = [dict(type='mmrazor.ClassroomHook')]
    """

    priority = 'NORMAL'

    def __init__(self, interval: int = 10, **moved: Any) -> None:
        _refuse_moved(moved)
        if not isinstance(interval, int) or interval < 1:
            raise ValueError(
                f'ClassroomHook: interval={interval!r} must be an int of 1 or more.'
            )
        self.interval = interval
        self._warned: set[str] = set()

    def before_run(self, runner: Runner) -> None:
        """Bring along the hooks that a classroom cannot do without.

        Args:
            runner (Runner): The runner.
        """
        model = getattr(runner.model, 'module', runner.model)
        kinds = [MentorManifestHook]
        if getattr(model, 'mentor_cache', None) is not None:
            kinds.append(MentorCacheHook)
        for kind in kinds:
            if not any(isinstance(hook, kind) for hook in runner.hooks):
                runner.register_hook(kind())

    def before_train(self, runner: Runner) -> None:
        """Start the sums, and drop report lines of epochs that are run again.

        Args:
            runner (Runner): The runner.

        Raises:
            TypeError: If the runner's model is no ClassroomDistill.
        """
        classroom_of(runner, self)
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
        distiller = classroom_of(runner, self).distiller
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
        names = classroom_of(runner, self).mentors.names
        line = dict(
            epoch=runner.epoch + 1,
            iter=runner.iter,
            **describe(self._epoch_sums.values.tolist(), self._epoch_sums.size, names),
        )
        self._epoch_sums = _Sums()
        if is_main_process():
            with Path(runner.work_dir, REPORT).open('a', encoding='utf-8') as file:
                file.write(json.dumps(line) + '\n')

    def _log(self, runner: Runner) -> None:
        """Take the sums of the interval off the device and into the log."""
        sums = self._interval_sums.reduced()
        self._interval_sums = _Sums()
        self._epoch_sums.add(sums.values, sums.size)
        names = classroom_of(runner, self).mentors.names
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


def _refuse_moved(options: dict[str, Any]) -> None:
    """Say where an option of 0.1 is now, and refuse unknown ones."""
    if 'allow_other_mentors' in options:
        raise TypeError(
            'ClassroomHook has no option `allow_other_mentors` any more. Add '
            "dict(type='mmrazor.MentorManifestHook', allow_other_mentors=True) to "
            'custom_hooks.'
        )
    check_options('ClassroomHook', options, ('interval',))


def _truncate_report(path: Path, epochs: int) -> None:
    """Keep only the lines of epochs that are behind a resumed run."""
    if not path.is_file():
        return
    lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    # A kill can cut off the last line, which then has no end either.
    whole = (line for line in lines if line.endswith('\n'))
    kept = [line for line in whole if json.loads(line)['epoch'] <= epochs]
    path.write_text(''.join(kept), encoding='utf-8')
