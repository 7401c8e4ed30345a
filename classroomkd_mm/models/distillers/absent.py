# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors without an output: absent in an iteration (``every``), or stopped early."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from ...mentors import Mentors
from ...nested import map_tensors


def fill_absent(mentor_outputs: Sequence[Any], student_output: Any) -> list[Any]:
    """Put NaN in the place of outputs that are not there.

    A mentor is inactive on samples where its output is NaN, so the lesson needs no
    other case.

    Args:
        mentor_outputs (Sequence): n outputs in the student's form; None where
            there is none.
        student_output (Any): The student's output, which has the same form.

    Returns:
        list: n outputs.
    """
    if all(output is not None for output in mentor_outputs):
        return list(mentor_outputs)
    blank = map_tensors(
        lambda x: torch.full_like(x.detach(), torch.nan), student_output
    )
    return [blank if output is None else output for output in mentor_outputs]


def check_always_present(
    mappings: Mapping[str, Mapping[str, Mapping[str, Any]]], mentors: Mentors
) -> None:
    """Reject a mapped loss from a mentor that is absent at times.

    Such a loss does not follow the lesson, so it cannot leave the mentor out.

    Args:
        mappings (Mapping): ``loss_forward_mappings`` of the distiller.
        mentors (Mentors): All mentors.

    Raises:
        ValueError: If there is one.
    """
    for loss, mapping in mappings.items():
        for name in _mentors_of(mapping.values()):
            every = mentors[name].every
            if every > 1:
                raise ValueError(
                    f'Mentor {name!r}: it teaches at every {every} iterations only, '
                    f'but the loss {loss!r} of loss_forward_mappings needs its records '
                    'in each. Leave out every.'
                )


def _mentors_of(records: Iterable[Mapping[str, Any]]) -> set[str]:
    """Names of the mentors that the arguments of a loss come from."""
    return {record['mentor'] for record in records if record.get('mentor')}
