# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Checking recorders and loss mappings of a config before the first batch."""

import difflib
import inspect
from collections.abc import Mapping, Set
from typing import Any

from torch import nn

from ...classroom import MentorLoss, RecordedLoss

RECORD_OPTIONS = {
    'recorder', 'from_student', 'mentor', 'record_idx', 'data_idx', 'connector',
    'connector_idx',
}  # fmt: skip


def check_sources(
    recorders: Mapping[str, Mapping], network: nn.Module, owner: str
) -> None:
    """Reject recorders whose source is not a module or parameter of the network.

    Args:
        recorders (Mapping[str, Mapping]): Recorder configs by name.
        network (nn.Module): The network to record.
        owner (str): Owner of the network, for the message.

    Raises:
        ValueError: If a source does not exist.
    """
    for name, cfg in recorders.items():
        kind, source = cfg['type'].split('.')[-1], cfg.get('source')
        if kind in ('ModuleOutputs', 'ModuleInputs', 'ClassifierLogits'):
            existing = [key for key, _ in network.named_modules()]
        elif kind == 'Parameter':
            existing = [key for key, _ in network.named_parameters()]
        else:  # sources of functions and methods are not part of the network
            continue
        if source not in existing:
            close = difflib.get_close_matches(str(source), existing, n=5)
            outline = [key for key in existing if key and key.count('.') < 2]
            levels = f' Names of the first two levels: {", ".join(outline)}.'
            raise ValueError(
                f'The recorder {name!r} has the source {source!r}, which {owner} '
                f'({type(network).__name__}) does not have. Similar: '
                f'{", ".join(close) or "none"}.{levels * bool(outline)}'
            )


def mapping_of_mentor(
    mapping: Mapping[str, Mapping], mentor: str
) -> dict[str, dict[str, Any]]:
    """Apply the mapping of a RecordedLoss, which names no mentor, to a mentor.

    Args:
        mapping (Mapping[str, Mapping]): An entry in ``loss_forward_mappings``.
        mentor (str): The mentor's name.

    Returns:
        dict: The same with ``mentor``, and with the mentor's name in those of the
        connectors.
    """
    mapped = {}
    for argument, record in mapping.items():
        record = dict(record)
        if not record.get('from_student'):
            record['mentor'] = mentor
        if record.get('connector') is not None:
            record['connector'] = record['connector'].replace('{mentor}', mentor)
        mapped[argument] = record
    return mapped


def check_mapping(
    name: str,
    loss: nn.Module,
    mapping: Mapping[str, Mapping] | None,
    known_records: Mapping[str | None, Set[str]],
    connectors: Set[str],
) -> None:
    """Reject a loss whose mapping does not match its ``forward``.

    Args:
        name (str): Name of the loss.
        loss (nn.Module): The loss.
        mapping (Mapping[str, Mapping], optional): Its entry in
            ``loss_forward_mappings``.
        known_records (Mapping[str | None, Set[str]]): Names of the records of the
            student (key None) and of each mentor.
        connectors (Set[str]): Names of the connectors.

    Raises:
        TypeError: If an argument is missing or does not exist.
        KeyError: If a mentor, recorder or connector does not exist.
    """
    if isinstance(loss, RecordedLoss):
        if mapping:
            _check_recorded(name, loss, mapping, known_records, connectors)
        return
    if isinstance(loss, MentorLoss):
        if mapping:
            raise TypeError(
                f'The loss {name!r} ({type(loss).__name__}) is a MentorLoss, which '
                'receives the outputs of all members without a mapping: remove '
                f'loss_forward_mappings.{name}.'
            )
        return
    mapping = mapping or {}
    parameters = inspect.signature(loss.forward).parameters
    needed = {key for key, p in parameters.items() if p.default is p.empty}
    unknown = set(mapping) - set(parameters)
    missing = needed - set(mapping)
    if unknown or missing:
        raise TypeError(
            f'The loss {name!r} ({type(loss).__name__}) takes '
            f'{", ".join(parameters)}, but loss_forward_mappings.{name} '
            + (f'has no {", ".join(sorted(missing))}' if missing else '')
            + (' and ' if missing and unknown else '')
            + (f'gives the unknown {", ".join(sorted(unknown))}' if unknown else '')
            + ". Write argument=dict(recorder='logits', from_student=True), and for a "
            "mentor's output dict(recorder='logits', from_student=False, "
            'mentor=<name>). A custom loss on the outputs of all mentors must inherit '
            'from classroomkd_mm.classroom.MentorLoss.'
        )
    for argument, record in mapping.items():
        place = f'loss_forward_mappings.{name}.{argument}'
        _check_record(place, record, known_records, connectors)


def check_from_student(
    name: str, loss: nn.Module, mapping: Mapping[str, Mapping]
) -> None:
    """Reject a loss that takes nothing from the student, which is to be trained.

    Args:
        name (str): Name of the loss.
        loss (nn.Module): The loss.
        mapping (Mapping[str, Mapping]): Its entry in ``loss_forward_mappings``.

    Raises:
        ValueError: If no argument comes from the student.
    """
    if not any(record['from_student'] for record in mapping.values()):
        raise ValueError(
            f'The loss {name!r} ({type(loss).__name__}) takes nothing from the '
            "student, so it gives the student no gradient. A connector of a mentor's "
            'features is trained in a stage before the student: set '
            'student_trainable=False in ClassroomDistill. OnehotLikeLoss, '
            'InformationEntropyLoss and ActivationLoss train an image generator, which '
            "is a stage of MMRazor's own algorithm, see docs/mmrazor_losses.md."
        )


def _check_recorded(
    name: str,
    loss: RecordedLoss,
    mapping: Mapping[str, Mapping],
    known_records: Mapping[str | None, Set[str]],
    connectors: Set[str],
) -> None:
    """Reject a mapping that does not give a RecordedLoss its two arguments."""
    place, (student, mentor) = f'loss_forward_mappings.{name}', loss.arguments
    if set(mapping) != {student, mentor}:
        raise TypeError(
            f'{place} must give {student} and {mentor}, but gives {", ".join(mapping)}.'
        )
    for argument, from_student in ((student, True), (mentor, False)):
        record = mapping[argument]
        if record.get('from_student') is not from_student or 'mentor' in record:
            raise TypeError(
                f'{place}.{argument} must have from_student={from_student} and no '
                f'mentor, since it is valid for every mentor, but got {dict(record)!r}.'
            )
    for known in filter(None, known_records):
        for argument, record in mapping_of_mentor(mapping, known).items():
            _check_record(f'{place}.{argument}', record, known_records, connectors)


def _check_record(
    place: str,
    record: Mapping[str, Any],
    known_records: Mapping[str | None, Set[str]],
    connectors: Set[str],
) -> None:
    """Reject a mapping to a record that does not exist."""
    if not {'recorder', 'from_student'} <= set(record) <= RECORD_OPTIONS:
        raise TypeError(
            f'{place} needs recorder and from_student, and accepts '
            f'{", ".join(sorted(RECORD_OPTIONS))}, but got {dict(record)!r}.'
        )
    mentor = None if record['from_student'] else record.get('mentor')
    mentors = [key for key in known_records if key is not None]
    if not record['from_student'] and mentor not in mentors:
        raise KeyError(
            f'{place}: mentor={mentor!r} is not in the classroom. With '
            f'from_student=False, name one of: {", ".join(mentors)}.'
        )
    known = {'recorder': known_records[mentor], 'connector': connectors}
    for key, names in known.items():
        if record.get(key, None) is not None and record[key] not in names:
            raise KeyError(
                f'{place}: the {key} {record[key]!r} does not exist. Available: '
                f'{", ".join(sorted(names)) or "none"}.'
            )
