# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import re
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import IterBasedTrainLoop, Runner
from mmrazor.registry import HOOKS

from ...classroom.statistics import ROWS, describe
from ...options import check_options
from ...report import REPORT, append_line, drop_lines_after
from .classroom_model import classroom_of
from .mentor_cache_hook import MentorCacheHook
from .mentor_check_hook import MentorCheckHook
from .mentor_dataset_hook import MentorDatasetHook
from .mentor_manifest_hook import MentorManifestHook
from .student_config_hook import StudentConfigHook

# Name in the log, name in the report. MMEngine's LogProcessor averages whatever has
# 'loss' in its name over its last 10 values: these are averages already.
LOGGED = dict(taught='taught', rank='rank', temperature='temperature', kd='loss')
SCALAR = re.compile(rf'train/(.+)/({"|".join(LOGGED)}|score)')
COMPANIONS = (
    MentorCacheHook,
    MentorDatasetHook,
    MentorManifestHook,
    StudentConfigHook,
    MentorCheckHook,
)


@HOOKS.register_module()
class ClassroomHook(Hook):
    """Log what happens in the classroom.

    Into MMEngine's message hub, and so into the text log, the JSON log,
    TensorBoard and WandB, it writes ``student/score`` and for every mentor
    ``<name>/taught`` (share of the samples it taught), ``<name>/rank``,
    ``<name>/temperature`` (on those samples) and ``<name>/kd`` (its part of the
    distillation loss), each a mean since the last time.

    To ``classroom.jsonl`` in the work dir it appends a line of JSON with the means
    since the last line: at the end of each epoch, or, in an iteration-based loop,
    before each validation and each checkpoint. A resumed run drops the lines of
    iterations that it runs again.

    A mentor whose output was NaN or infinite is warned about once; a student's is
    an error. The hook brings along :class:`MentorCacheHook`,
    :class:`MentorDatasetHook`, :class:`MentorManifestHook`,
    :class:`StudentConfigHook` and :class:`MentorCheckHook`, unless the config names
    them itself.

    Args:
        interval (int): Log every so many iterations, and at the end of an epoch.
            Only then, and for a line of the report, are numbers transferred from
            the device. Defaults to 10, as LoggerHook does.

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
        self._clear_sums()

    def before_run(self, runner: Runner) -> None:
        """Bring along the hooks that a classroom cannot do without.

        Args:
            runner (Runner): The runner.
        """
        # The runner is going through its hooks. One of the same or a lower priority is
        # inserted behind this hook, so none is left out or called twice.
        for companion in COMPANIONS:
            if not any(isinstance(hook, companion) for hook in runner.hooks):
                runner.register_hook(companion())

    def before_train(self, runner: Runner) -> None:
        """Start the sums, and drop report lines of iterations that are run again.

        Args:
            runner (Runner): The runner.

        Raises:
            TypeError: If the runner's model is no ClassroomDistill.
            ValueError: If the config stops distillation at an epoch that an
                iteration-based loop never reaches.
        """
        _refuse_unreachable_stop(runner)
        self._clear_sums()
        _forget_others(runner, ('student', *classroom_of(runner, self).mentors.names))
        if is_main_process():
            drop_lines_after(Path(runner.work_dir, REPORT), runner.iter)

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
            _forget_others(runner, ())
            return
        self._new.add(distiller.last_sums, distiller.last_size)
        distiller.last_sums = None
        # As LoggerHook, which runs after this hook.
        if self.every_n_inner_iters(batch_idx, self.interval) or self.end_of_epoch(
            runner.train_dataloader, batch_idx
        ):
            self._log(runner)
        if _saves_checkpoint_of_iteration(runner):
            self._report(runner, current=1)

    def before_val(self, runner: Runner) -> None:
        """Append a line to the report, if validation is within an epoch.

        Args:
            runner (Runner): The runner.
        """
        self._report(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Append the line of the epoch, or of what is left, to the report.

        Args:
            runner (Runner): The runner.
        """
        self._log(runner)
        self._report(runner)

    def _clear_sums(self) -> None:
        """Start all sums: local and on the device, then global and on the CPU."""
        self._new, self._since_log, self._since_line = _Sums(), _Sums(), _Sums()

    def _take_new(self) -> None:
        """Take what is new off the device, once for the log and the report."""
        if not self._new:
            return
        new, self._new = self._new.reduced(), _Sums()
        self._since_log.add(new.values, new.size)
        self._since_line.add(new.values, new.size)

    def _report(self, runner: Runner, current: int = 0) -> None:
        """Append the means since the last line; the Runner counts past iterations."""
        self._take_new()
        sums, self._since_line = self._since_line, _Sums()
        if sums and is_main_process():
            names = classroom_of(runner, self).mentors.names
            place = dict(epoch=runner.epoch + 1, iter=runner.iter + current)
            line = {**place, **sums.described(names)}
            append_line(Path(runner.work_dir, REPORT), line)

    def _log(self, runner: Runner) -> None:
        """Put the means since the last time into the log."""
        self._take_new()
        sums, self._since_log = self._since_log, _Sums()
        if not sums:
            return
        described = sums.described(classroom_of(runner, self).mentors.names)
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

    def __bool__(self) -> bool:
        """Tell whether there is anything, which all processes agree on."""
        return self.values is not None

    def described(self, names: tuple[str, ...]) -> dict[str, Any]:
        return describe(self.values.tolist(), self.size, names)

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


def _refuse_unreachable_stop(runner: Runner) -> None:
    """Refuse a StopDistillHook where the epoch that it waits for never comes."""
    from mmrazor.engine import StopDistillHook

    for hook in runner.hooks:
        if (
            isinstance(hook, StopDistillHook)
            and isinstance(runner.train_loop, IterBasedTrainLoop)
            and hook.stop_epoch > runner.epoch
        ):
            raise ValueError(
                f'StopDistillHook(stop_epoch={hook.stop_epoch}) would never stop the '
                'distillation: to it, an iteration-based loop is a single epoch. '
                'Remove the hook, or train by epochs '
                '(train_cfg=dict(by_epoch=True, max_epochs=…)).'
            )


def _saves_checkpoint_of_iteration(runner: Runner) -> bool:
    """Tell whether this iteration of an iteration-based loop ends in a checkpoint.

    MMEngine's ``before_save_checkpoint`` would tell the main process only, but the
    sums are those of all.
    """
    return isinstance(runner.train_loop, IterBasedTrainLoop) and any(
        isinstance(hook, CheckpointHook)
        and not hook.by_epoch
        and hook.every_n_train_iters(runner, hook.interval, hook.save_begin)
        for hook in runner.hooks
    )


def _forget_others(runner: Runner, names: tuple[str, ...]) -> None:
    """Drop the last numbers of those who do not teach, or they stay in the log."""
    scalars = runner.message_hub.log_scalars
    for key in list(scalars):
        scalar = SCALAR.fullmatch(key)
        if scalar and scalar[1] not in names:
            del scalars[key]
