# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Maps from the parts of a student's output (classes, keypoints) to a mentor's."""

from collections.abc import Sequence
from typing import Any


def check_map(
    option: str,
    part: str,
    entries: Any,
    ours: int | None,
    theirs: int | None,
    gaps: bool = False,
) -> list[int | None]:
    """Refuse a map that does not fit student and mentor, as far as these are known.

    Args:
        option (str): Whose map it is, such as "Mentor 'big': class_map".
        part (str): What is mapped, such as 'class'; for messages.
        entries (Any): What the config says.
        ours (int, optional): Number of parts of the student.
        theirs (int, optional): Number of parts of the mentor.
        gaps (bool): Whether None may stand for a part that the mentor lacks.

    Returns:
        list[int | None]: The entries.

    Raises:
        TypeError: If it is not a list.
        ValueError: If its length or an entry is wrong, or no part has a partner.
    """
    if isinstance(entries, str) or not isinstance(entries, Sequence):
        raise TypeError(
            f'{option} must be a list of {part} numbers, but got {entries!r}.'
        )
    if len(entries) != (ours or len(entries)):
        raise ValueError(
            f'{option} has {len(entries)} entries, but needs {ours}: for each {part} '
            "of the student the number of the mentor's"
            + (', or None where it has no partner.' if gaps else '.')
        )
    known = [entry for entry in entries if not (gaps and entry is None)]
    if not known:
        raise ValueError(
            f'{option} has {len(entries)} entries without a partner in the mentor, '
            f'but needs one for at least one {part}.'
        )
    wrong = [
        entry
        for entry in known
        if type(entry) is not int or entry < 0 or (theirs and entry >= theirs)
    ]
    if wrong:
        last = f' to {theirs - 1}' if theirs else ' and up'
        raise ValueError(
            f'{option} names {wrong}, but the numbers of the mentor go from 0{last}.'
        )
    return list(entries)
