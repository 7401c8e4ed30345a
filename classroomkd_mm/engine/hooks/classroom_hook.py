# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import re
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import BaseLoop, IterBasedTrainLoop, Runner
from mmrazor.registry import HOOKS

from ...classroom.statistics import ROWS, describe
from ...options import check_options
from ...report import REPORT, append_line, drop_lines_after
from .classroom_model import classroom_of
from .mentor_cache_hook import MentorCacheHook
from .mentor_check_hook import MentorCheckHook
from .mentor_dataset_hook import MentorDatasetHook
from .mentor_manifest_hook import MentorManifestHook
from .resume_hook import ResumeHook
from .sample_check_hook import SampleCheckHook
from .stopped_distillation import refuse_bad_stops
from .student_config_hook import StudentConfigHook

# Names in the log, and names in the report. No name in the log contains 'loss', since
# MMEngine's LogProcessor would average it over 10 values; these are means already.
LOGGED = {name: name for name in ('taught', 'weight', 'rank', 'temperature')}
LOGGED['kd'] = 'loss'
SCALAR = re.compile(rf'train/(.+)/({"|".join(LOGGED)}|score)')
COMPANIONS = (
    MentorCacheHook,
    MentorDatasetHook,
    MentorManifestHook,
    StudentConfigHook,
    SampleCheckHook,
    MentorCheckHook,
    ResumeHook,
)


@HOOKS.register_module()
class ClassroomHook(Hook):
    """Log the statistics of the classroom.

    The hook writes to MMEngine's message hub, and thus to the text log, the JSON log,
    TensorBoard and WandB: ``student/score``, and for every mentor ``<name>/taught``
    (fraction of samples that it taught), ``<name>/weight`` (of what it taught),
    ``<name>/rank``, ``<name>/temperature`` (on these samples) and ``<name>/kd`` (its
    part of the distillation loss). Each is a mean since the previous entry.

    It also appends lines of JSON to ``classroom.jsonl`` in the work dir, each with the
    means since the previous line: one at the end of each epoch, or, in an
    iteration-based loop, before each validation and each checkpoint. A resumed run
    drops the lines of iterations that it repeats, and continues with the buffers of the
    filter, such as trust, which a checkpoint holds beside the student.

    A mentor whose output was NaN or infinite is warned about once; a student's is
    an error. The hook brings along :class:`MentorCacheHook`,
    :class:`MentorDatasetHook`, :class:`MentorManifestHook`,
    :class:`StudentConfigHook`, :class:`SampleCheckHook`, :class:`MentorCheckHook` and
    :class:`ResumeHook`,
    unless the config names them itself.

    Args:
        interval (int): Number of iterations between log entries; the end of an epoch
            is logged too. Values are transferred from the device only for log entries
            and report lines. Defaults to 10, like LoggerHook.

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
                f'ClassroomHook: interval={interval!r} must be a positive int.'
            )
        self.interval = interval
        self._warned: set[str] = set()
        self._resumed: dict[str, Any] = {}
        self._last_line = 0  # number of iterations at the last line of the report
        self._clear_sums()

    def before_run(self, runner: Runner) -> None:
        """Register the other hooks that a classroom needs.

        Args:
            runner (Runner): The runner.

        Raises:
            TypeError: If the model to train is not a ClassroomDistill.
        """
        # A run that only tests may have the student alone for its model.
        if isinstance(runner._train_loop, BaseLoop):
            classroom_of(runner, self)
        # The runner is iterating over its hooks. A hook of the same or a lower priority
        # is inserted after this one, so no hook is skipped or called twice.
        for companion in COMPANIONS:
            if not any(isinstance(hook, companion) for hook in runner.hooks):
                runner.register_hook(companion())

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Read what a run that is resumed has stored.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The loaded checkpoint.
        """
        if runner._resume:
            self._resumed = checkpoint.get('meta', {}).get('classroom', {})

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Store the sums since the last log entry and line, and the filter's buffers.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The checkpoint to save.
        """
        memory = classroom_of(runner, self).distiller.knowledge_filter.named_buffers()
        checkpoint['meta']['classroom'] = dict(
            names=list(classroom_of(runner, self).mentors.names),
            filter={name: buffer.cpu() for name, buffer in memory},
            rows=list(ROWS),
            since_log=vars(self._since_log),
            since_line=vars(self._since_line),
            last_line=self._last_line,
        )

    def before_train(self, runner: Runner) -> None:
        """Continue from a resumed run, and drop the lines of iterations to be repeated.

        Args:
            runner (Runner): The runner.

        Raises:
            TypeError: If the runner's model is not a ClassroomDistill.
            ValueError: If the config stops distillation at an epoch that an
                iteration-based loop never reaches, or DDP would fail from then on.
        """
        distiller = classroom_of(runner, self).distiller
        refuse_bad_stops(runner, distiller)
        names = classroom_of(runner, self).mentors.names
        self._clear_sums()
        if self._resumed.get('names') == list(names):
            # An earlier version may have summed other statistics.
            if self._resumed.get('rows') == list(ROWS):
                self._since_log = _Sums(**self._resumed['since_log'])
                self._since_line = _Sums(**self._resumed['since_line'])
            memory = self._resumed.get('filter', {})
            for name, buffer in distiller.knowledge_filter.named_buffers():
                if name in memory:
                    buffer.copy_(memory[name])
        _forget_others(runner, ('student', *names))
        self._last_line = self._resumed.get('last_line', runner.iter)
        if is_main_process():
            drop_lines_after(Path(runner.work_dir, REPORT), self._last_line)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, *_: Any, **__: Any
    ) -> None:
        """Accumulate the statistics of the iteration, and log them at intervals.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Index of the batch in the epoch.
        """
        distiller = classroom_of(runner, self).distiller
        if distiller.last_sums is None:  # distillation is stopped
            _forget_others(runner, ())
            return
        self._new.add(distiller.last_sums, distiller.last_size)
        distiller.last_sums = None
        # Same condition as in LoggerHook, which runs after this hook.
        if self.every_n_inner_iters(batch_idx, self.interval) or self.end_of_epoch(
            runner.train_dataloader, batch_idx
        ):
            self._log(runner)
        if _saves_checkpoint(runner):
            self._take_new()
            if isinstance(runner.train_loop, IterBasedTrainLoop):
                self._report(runner, current=1)

    def before_val(self, runner: Runner) -> None:
        """Append a line to the report if validation runs within an epoch.

        Args:
            runner (Runner): The runner.
        """
        self._report(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Append the line of the epoch, or of the remaining iterations, to the report.

        Args:
            runner (Runner): The runner.
        """
        self._log(runner)
        self._report(runner)

    def _clear_sums(self) -> None:
        """Reset all sums: one per process on the device, two global ones on the CPU."""
        self._new, self._since_log, self._since_line = _Sums(), _Sums(), _Sums()

    def _take_new(self) -> None:
        """Transfer the new sums from the device, once for both log and report."""
        if not self._new:
            return
        new, self._new = self._new.reduced(), _Sums()
        self._since_log.add(new.values, new.size)
        self._since_line.add(new.values, new.size)

    def _report(self, runner: Runner, current: int = 0) -> None:
        """Append the means since the last line; `runner.iter` excludes the current."""
        self._take_new()
        sums, self._since_line = self._since_line, _Sums()
        if not sums:
            return
        self._last_line = runner.iter + current
        if is_main_process():
            names = classroom_of(runner, self).mentors.names
            place = dict(epoch=runner.epoch + 1, iter=self._last_line)
            line = {**place, **sums.described(names)}
            append_line(Path(runner.work_dir, REPORT), line)

    def _log(self, runner: Runner) -> None:
        """Write the means since the last log entry to the log."""
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
        """Raise an error for an invalid student output; warn once for a mentor's."""
        if invalid[0] > 0:
            raise FloatingPointError(
                'The output of the student was NaN or infinite within the last '
                f'{self.interval} iterations. Lower the learning rate, clip the '
                'gradients, or check the inputs and labels.'
            )
        for name, values in described['mentors'].items():
            if values['invalid'] and name not in self._warned:
                self._warned.add(name)
                runner.logger.warning(
                    f'The output of mentor {name!r} was NaN or infinite for '
                    f'{values["invalid"]} samples, which it does not teach. Check its '
                    'weights and its input. This warning is shown only once.'
                )


class _Sums:
    """A matrix of sums, and the number of samples in them."""

    def __init__(self, values: torch.Tensor | None = None, size: int = 0) -> None:
        self.values = values
        self.size = size

    def add(self, values: torch.Tensor, size: int) -> None:
        self.values = values if self.values is None else self.values + values
        self.size += size

    def __bool__(self) -> bool:
        """Whether anything was added; the same in all processes."""
        return self.values is not None

    def described(self, names: tuple[str, ...]) -> dict[str, Any]:
        return describe(self.values.tolist(), self.size, names)

    def reduced(self) -> '_Sums':
        """Sum over all processes; the result is float64 on the CPU."""
        packed = torch.cat(
            [self.values.flatten(), self.values.new_tensor([float(self.size)])]
        )
        all_reduce(packed)
        *values, size = packed.double().cpu().unbind()
        return _Sums(torch.stack(values).view(self.values.shape), int(size))


def _refuse_moved(options: dict[str, Any]) -> None:
    """Reject unknown options, and tell where an option of version 0.1 moved to."""
    if 'allow_other_mentors' in options:
        raise TypeError(
            'ClassroomHook no longer has the option `allow_other_mentors`. Add '
            "dict(type='mmrazor.MentorManifestHook', allow_other_mentors=True) to "
            'custom_hooks.'
        )
    check_options('ClassroomHook', options, ('interval',))


def _saves_checkpoint(runner: Runner) -> bool:
    """Whether this iteration, rather than its epoch, ends with a checkpoint.

    MMEngine calls ``before_save_checkpoint`` in the main process only, but the sums are
    reduced over all processes.
    """
    return any(
        isinstance(hook, CheckpointHook)
        and not hook.by_epoch
        and (
            hook.every_n_train_iters(runner, hook.interval, hook.save_begin)
            or (hook.save_last and hook.is_last_train_iter(runner))
        )
        for hook in runner.hooks
    )


def _forget_others(runner: Runner, names: tuple[str, ...]) -> None:
    """Remove the scalars of inactive mentors, which would stay in the log otherwise."""
    scalars = runner.message_hub.log_scalars
    for key in list(scalars):
        scalar = SCALAR.fullmatch(key)
        if scalar and scalar[1] not in names:
            del scalars[key]
