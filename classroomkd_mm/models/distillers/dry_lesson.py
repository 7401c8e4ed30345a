# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A dry run: one lesson on generated images when a classroom is built.

It finds errors in losses, recorders and connectors before the first batch. It has no
side effects: it uses a copy of the student, the mentors never change, and the states of
the random number generators are restored.
"""

import copy
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ...classroom import MentorLoss, RecordedLoss
from ...random_states import keep_random_states
from .absent import fill_absent
from .classroom_distiller import ClassroomDistiller


def give_dry_lesson(classroom: nn.Module) -> None:
    """Compute all losses of a classroom on images of a size that all members accept.

    A model does not define its image size, so several sizes are tried. An error is
    raised only if the losses fail at every size at which student and mentors run. If
    there is no such size, nothing is checked.

    Args:
        classroom (ClassroomDistill): The classroom, which does not change.

    Raises:
        ValueError: If a loss cannot be computed, is not a single number, gives the
            student no gradient, or does not suit what the student says.
    """
    first = next(classroom.student.parameters(), torch.zeros(()))
    if first.is_meta:
        return
    errors = []
    with _nothing_left(classroom, first.device), torch.enable_grad():
        for inputs, samples in _batches(classroom):
            inputs = inputs.to(first.device)
            try:
                trial, mentor_outputs = _look(classroom, inputs, samples)
            except Exception as error:  # any error of a network: try another size
                _log(f'skipped for images {tuple(inputs.shape)}: {error!r}')
                continue
            error = _error_in(trial, mentor_outputs, samples)
            if error is None:
                return
            errors.append((error, tuple(inputs.shape)))
            if len(errors) > 1 and str(error) == str(errors[0][0]):
                break  # the error does not depend on the size
    if errors:
        error, shape = errors[0]
        raise ValueError(
            f'{error} Found on generated images {shape}, before the first batch. To '
            'skip this check, set dry_run=False in ClassroomDistill.'
        ) from error


def _batches(
    classroom: nn.Module,
) -> Iterator[tuple[Tensor, Sequence[BaseDataElement]]]:
    """Generate example batches of the task, until it fails."""
    try:
        yield from classroom.task.example_batches(classroom.student)
    except Exception as error:  # any error of a task
        _log(f'run without further images: {error!r}')


def _look(
    classroom: nn.Module, inputs: Tensor, samples: Sequence[BaseDataElement]
) -> tuple[nn.Module, list[Any]]:
    """Run the mentors, and a copy of the student in training mode, on images."""
    with classroom.distiller.teacher_recorders:
        mentor_outputs = classroom.mentors(inputs, samples)
    trial = copy.deepcopy(classroom).train()
    with trial.distiller.student_recorders:
        trial.student(inputs, samples, mode='loss')
    return trial, mentor_outputs


def _error_in(
    trial: nn.Module,
    mentor_outputs: Sequence[Any],
    samples: Sequence[BaseDataElement],
) -> ValueError | None:
    """Compute every loss; return the error of the first that fails."""
    distiller = trial.distiller
    try:
        for name, loss in distiller.distill_losses.items():
            if not isinstance(loss, MentorLoss):
                _try_mapped_loss(trial, name, mentor_outputs)
        _try_mentor_losses(distiller, mentor_outputs, samples)
    except ValueError as error:
        return error
    return None


def _try_mapped_loss(
    trial: nn.Module, name: str, mentor_outputs: Sequence[Any]
) -> None:
    """Compute a mapped loss, and check that it can teach the student."""
    distiller, student = trial.distiller, trial.student
    mapping = distiller.loss_forward_mappings[name]
    try:
        loss = distiller.mapped_loss(name, mentor_outputs)
    except Exception as error:  # any error of a loss, recorder or connector
        taken = {
            argument: _taken(distiller, record, mentor_outputs)
            for argument, record in mapping.items()
        }
        if any(reads_samples for _, reads_samples in taken.values()):
            _log(f'run without {name!r}, which reads the data samples: {error!r}')
            return
        arguments = '; '.join(f'{key}: {text}' for key, (text, _) in taken.items())
        raise ValueError(
            f'{_title(distiller, name)} cannot be computed: {_reason(error)} It was '
            f'given {arguments}.'
        ) from error
    trained = _trainable(student)
    whose = 'student' if trained else 'connectors'
    trained = trained or _trainable(distiller.connectors)
    if trained and not _reaches(loss, trained):
        raise ValueError(
            f'{_title(distiller, name)} gives the {whose} no gradient: none of its '
            f'arguments from the {whose} depends on trainable weights. Its mapping is '
            f'{dict(mapping)!r}.'
        )
    _check_suitable(trial, name, mentor_outputs)


def _check_suitable(trial: nn.Module, name: str, mentor_outputs: Sequence[Any]) -> None:
    """Let the task reject a mapped loss that takes the student's output as it is."""
    distiller = trial.distiller
    loss = distiller.distill_losses[name]
    mapping = distiller.loss_forward_mappings[name]
    output = distiller.student_output()
    arguments = distiller.arguments(mapping, mentor_outputs)
    taken = [
        argument
        for argument, value in arguments.items()
        if mapping[argument]['from_student'] and _is_same(value, output)
    ]
    if taken:
        trial.task.check_loss(
            _title(distiller, name),
            trial.student,
            output,
            lambda other: loss(**arguments | dict.fromkeys(taken, other)),
        )


def _try_mentor_losses(
    distiller: ClassroomDistiller,
    mentor_outputs: Sequence[Any],
    samples: Sequence[BaseDataElement],
) -> None:
    """Compute the losses that need a lesson, if the lesson can be planned."""
    student_output = distiller.student_output()
    mentor_outputs = fill_absent(mentor_outputs, student_output)
    try:
        lesson = distiller.plan(student_output, mentor_outputs, samples)
    except Exception as error:  # the user's targets may differ from the generated ones
        _log(f'run without scores: {error!r}')
        return
    for name, loss in distiller.distill_losses.items():
        if isinstance(loss, MentorLoss):
            try:
                if isinstance(loss, RecordedLoss):
                    records = (
                        distiller.mapped_records(name, mentor_outputs)
                        if loss.mapped
                        else loss.of_outputs(student_output, mentor_outputs)
                    )
                    loss.rehearse(records, lesson)
                distiller.taught(name, student_output, mentor_outputs, lesson)
            except Exception as error:  # any error of a loss
                raise ValueError(
                    f'{_title(distiller, name)} cannot be computed: {_reason(error)} '
                    f"The student's output is {shapes_of(student_output)}, the "
                    f"mentors' outputs are {shapes_of(list(mentor_outputs))}."
                ) from error


def _title(distiller: ClassroomDistiller, name: str) -> str:
    """Describe a loss, with its number of classes if it has this option."""
    loss = distiller.distill_losses[name]
    classes = getattr(loss, 'num_classes', None)
    options = '' if classes is None else f', num_classes={classes}'
    return f'The loss {name!r} ({type(loss).__name__}{options})'


def _reason(error: Exception) -> str:
    """Format the message of an error as a sentence."""
    text = ' '.join(str(error).split()) or type(error).__name__
    return text if text.endswith('.') else f'{text}.'


def _taken(
    distiller: ClassroomDistiller, record: dict[str, Any], mentor_outputs: Sequence[Any]
) -> tuple[str, bool]:
    """Describe an argument of a mapping, and whether it contains data samples."""
    whose = 'the student' if record['from_student'] else f'mentor {record["mentor"]!r}'
    text = f'the recorder {record["recorder"]!r} of {whose}'
    plain = {k: v for k, v in record.items() if k not in ('connector', 'connector_idx')}
    try:
        value = distiller.take(mentor_outputs, **plain)
    except Exception:  # already being reported
        return f'{text} cannot return it', False
    text += f' gives {shapes_of(value)}'
    if isinstance(value, (list, tuple)) and 'data_idx' not in record:
        text += ' (set data_idx to select an item)'
    if len(plain) < len(record):
        text += f', the connector {record.get("connector")!r} '
        try:
            text += f'makes it {shapes_of(distiller.take(mentor_outputs, **record))}'
        except Exception:  # already being reported
            text += 'fails on it'
    return text, _has_samples(value)


def shapes_of(value: Any) -> str:
    """Describe a record by the shapes of its tensors.

    Args:
        value (Any): A tensor, or any other record.

    Returns:
        str: Such as ``(2, 16, 8, 8)`` or ``a tuple of 2: (2, 4), (2,)``.
    """
    if isinstance(value, Tensor):
        return str(tuple(value.shape))
    if isinstance(value, (list, tuple)):
        items = ', '.join(shapes_of(item) for item in value)
        return f'a {type(value).__name__} of {len(value)}: {items}'
    return type(value).__name__


def _is_same(one: Any, other: Any) -> bool:
    """Whether two records are tensors of the same values."""
    tensors = isinstance(one, Tensor) and isinstance(other, Tensor)
    return tensors and torch.equal(one, other)


def _has_samples(value: Any) -> bool:
    """Whether a record has data samples: generated ones lack the user's fields."""
    if isinstance(value, (list, tuple)):
        return any(_has_samples(item) for item in value)
    return isinstance(value, BaseDataElement)


def _trainable(module: nn.Module) -> list[nn.Parameter]:
    """List the parameters that an optimizer changes."""
    return [p for p in module.parameters() if p.requires_grad]


def _reaches(loss: Tensor, parameters: Sequence[nn.Parameter]) -> bool:
    """Whether the graph of a loss contains any of the parameters."""
    wanted = {id(parameter) for parameter in parameters}
    seen, pending = set(), [loss.grad_fn]
    while pending:
        node = pending.pop()
        if node is None or node in seen:
            continue
        if id(getattr(node, 'variable', None)) in wanted:
            return True
        seen.add(node)
        pending += [following for following, _ in node.next_functions]
    return False


@contextmanager
def _nothing_left(classroom: nn.Module, device: torch.device) -> Iterator[None]:
    """Put back the random generators, and empty the recorders of the mentors."""
    try:
        with keep_random_states(device):
            yield
    finally:
        classroom.distiller.teacher_recorders.reset()


def _log(message: str) -> None:
    """Write to the debug log what was not checked."""
    print_log(f'The dry lesson was {message}', logger='current', level=logging.DEBUG)
