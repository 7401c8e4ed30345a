# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Maps from the student's classes or keypoints to a mentor's."""

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
    """Reject a map that does not match student and mentor, as far as they are known.

    Args:
        option (str): Owner and name of the map, such as "Mentor 'big': class_map".
        part (str): What is mapped, such as 'class'; for messages.
        entries (Any): The value in the config.
        ours (int, optional): Number of parts of the student.
        theirs (int, optional): Number of parts of the mentor.
        gaps (bool): Whether None is allowed, for a part that the mentor does not have.

    Returns:
        list[int | None]: The entries.

    Raises:
        TypeError: If it is not a list.
        ValueError: If the length or an entry is invalid, or all entries are None.
    """
    if isinstance(entries, str) or not isinstance(entries, Sequence):
        raise TypeError(
            f'{option} must be a list of {part} indices, but got {entries!r}.'
        )
    if len(entries) != (ours or len(entries)):
        raise ValueError(
            f'{option} has {len(entries)} entries, but needs {ours}: for each {part} '
            f'of the student, the index of the corresponding {part} of the mentor'
            + (', or None if there is none.' if gaps else '.')
        )
    known = [entry for entry in entries if not (gaps and entry is None)]
    if not known:
        raise ValueError(
            f'{option} has {len(entries)} entries, all None, but at least one {part} '
            'needs a counterpart in the mentor.'
        )
    wrong = [
        entry
        for entry in known
        if type(entry) is not int or entry < 0 or (theirs and entry >= theirs)
    ]
    if wrong:
        last = f' to {theirs - 1}' if theirs else ' and up'
        raise ValueError(
            f'{option} contains {wrong}, but the indices of the mentor go from 0{last}.'
        )
    return list(entries)
