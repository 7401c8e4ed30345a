# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Recorders and loss mappings of a config, checked before the first batch."""

import difflib
import inspect
from collections.abc import Mapping, Set
from typing import Any

from torch import nn

from ...classroom import MentorLoss

RECORD_OPTIONS = {
    'recorder', 'from_student', 'mentor', 'record_idx', 'data_idx', 'connector',
    'connector_idx',
}  # fmt: skip


def check_sources(
    recorders: Mapping[str, Mapping], network: nn.Module, owner: str
) -> None:
    """Refuse recorders whose source is no module or parameter of the network.

    Args:
        recorders (Mapping[str, Mapping]): Recorder configs by name.
        network (nn.Module): What they record.
        owner (str): Whose network it is, for the message.

    Raises:
        ValueError: If a source does not exist.
    """
    for name, cfg in recorders.items():
        kind, source = cfg['type'].split('.')[-1], cfg.get('source')
        if kind in ('ModuleOutputs', 'ModuleInputs', 'ClassifierLogits'):
            existing = [key for key, _ in network.named_modules()]
        elif kind == 'Parameter':
            existing = [key for key, _ in network.named_parameters()]
        else:  # of functions and methods, which are no part of the network
            continue
        if source not in existing:
            close = difflib.get_close_matches(str(source), existing, n=5)
            outline = [key for key in existing if key and key.count('.') < 2]
            raise ValueError(
                f'The recorder {name!r} has the source {source!r}, which {owner} '
                f'({type(network).__name__}) does not have. Similar: '
                f'{", ".join(close) or "none"}. On the first two levels there are: '
                f'{", ".join(outline)}.'
            )


def check_mapping(
    name: str,
    loss: nn.Module,
    mapping: Mapping[str, Mapping] | None,
    known_records: Mapping[str | None, Set[str]],
    connectors: Set[str],
) -> None:
    """Refuse a loss that would not be given what its ``forward`` takes.

    Args:
        name (str): The loss's name.
        loss (nn.Module): The loss.
        mapping (Mapping[str, Mapping], optional): Its entry in
            ``loss_forward_mappings``.
        known_records (Mapping[str | None, Set[str]]): Names of the records of the
            student (key None) and of each mentor.
        connectors (Set[str]): Names of the connectors.

    Raises:
        TypeError: If an argument is missing or does not exist.
        KeyError: If a mentor, recorder or connector does not exist.
        ValueError: If nothing comes from the student.
    """
    if isinstance(loss, MentorLoss):
        if mapping:
            raise TypeError(
                f'The loss {name!r} ({type(loss).__name__}) is a MentorLoss, which '
                'is handed the outputs of all members: remove '
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
            + (f'gives {", ".join(sorted(unknown))}' if unknown else '')
            + ". Write argument=dict(recorder='logits', from_student=True), and for a "
            "mentor's output dict(recorder='logits', from_student=False, "
            'mentor=<name>). A loss of your own that takes the outputs of all mentors '
            'inherits from classroomkd_mm.classroom.MentorLoss.'
        )
    for argument, record in mapping.items():
        place = f'loss_forward_mappings.{name}.{argument}'
        _check_record(place, record, known_records, connectors)
    if not any(record['from_student'] for record in mapping.values()):
        raise ValueError(
            f'The loss {name!r} ({type(loss).__name__}) takes nothing from the '
            'student, and so gives it no gradient. OnehotLikeLoss, '
            'InformationEntropyLoss and ActivationLoss train a generator of images, '
            "and a connector on a teacher's features is trained in a stage before "
            "the student's: both are stages of MMRazor's own algorithms, see "
            'docs/mmrazor_losses.md.'
        )


def _check_record(
    place: str,
    record: Mapping[str, Any],
    known_records: Mapping[str | None, Set[str]],
    connectors: Set[str],
) -> None:
    """Refuse a record that does not exist."""
    if not {'recorder', 'from_student'} <= set(record) <= RECORD_OPTIONS:
        raise TypeError(
            f'{place} needs recorder and from_student, and may have '
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
                f'{place}: the {key} {record[key]!r} does not exist. There are: '
                f'{", ".join(sorted(names)) or "none"}.'
            )
