# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Comparing the names of classes or keypoints of the dataset and of a mentor."""

import logging
import reprlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import print_log
from torch import nn

SHOWN_NAMES = 3


def dataset_meta_of(network: nn.Module) -> Mapping[str, Any]:
    """Read the metainfo of the dataset that a network was trained on.

    Args:
        network (nn.Module): Any network. Loading a checkpoint, here and in MMPose's
            ``init_model``, sets ``dataset_meta``. MMPretrain's ``get_model`` sets
            ``_dataset_meta``.

    Returns:
        Mapping: The metainfo; empty if unknown.
    """
    for name in ('dataset_meta', '_dataset_meta'):
        meta = getattr(network, name, None)
        if isinstance(meta, Mapping):
            return meta
    return {}


def map_by_name(
    mentor: str,
    part: str,
    ours: Sequence[str],
    theirs: Sequence[str],
    mappable: bool = True,
) -> list[int] | None:
    """Map the student's classes or keypoints to those of a mentor by name.

    The comparison ignores case, and treats underscores as spaces.

    Args:
        mentor (str): The mentor's name, for messages.
        part (str): What the names refer to: 'class' or 'keypoint'.
        ours (Sequence[str]): Names in the student's order, from its dataset.
        theirs (Sequence[str]): Names in the mentor's order.
        mappable (bool): Whether each name refers to one output of student and mentor.
            If not, only the names at the same index are compared.

    Returns:
        list[int] | None: For each of the student's names the index of the mentor's;
        None if the order is the same, or unknown (after a warning).

    Raises:
        ValueError: If a name has another index in the mentor, or if the numbers of
            names differ, and the names cannot be mapped.
    """
    a, b = [_key(name) for name in ours], [_key(name) for name in theirs]
    same = [x == y for x, y in zip(a, b, strict=False)]
    if all(same) and (len(a) == len(b) or not mappable):
        return None
    index = _common(a, b)
    if mappable and all(key in index for key in a):
        found = [index[key] for key in a]
        print_log(
            f'Mentor {mentor!r} has another order or number of {part} names than the '
            f'dataset. They are mapped by name: {part}_map={reprlib.repr(found)}.',
            logger='current',
        )
        return found
    remedy = (
        f"set {part}_map in the mentor's entry: for each {part} of the dataset the "
        f"index of the mentor's {part}."
    )
    reason = _contradiction(part, ours, a, index)
    if reason is None and mappable and len(a) != len(b):
        unknown = [repr(n) for n, key in zip(ours, a, strict=True) if key not in index]
        reason = (
            f'has {len(b)} {part} names and the dataset has {len(a)}, of which the '
            f'mentor lacks: {_few(unknown)}'
        )
    if reason is not None:
        raise ValueError(f'Mentor {mentor!r} {reason}. S{remedy[1:]}')
    differing = [
        f'{theirs[n]!r} instead of {ours[n]!r}'
        for n, equal in enumerate(same)
        if not equal
    ]
    print_log(
        f'Mentor {mentor!r}: {len(differing)} of its {len(b)} {part} names differ from '
        f'the dataset ({_few(differing)}). If they have different meanings, {remedy}',
        logger='current',
        level=logging.WARNING,
    )
    return None


def _common(ours: Sequence[str], theirs: Sequence[str]) -> dict[str, int]:
    """Map each name that occurs once on both sides to the mentor's index.

    Some datasets have two classes of the same name. Such names are ignored.
    """
    once = [
        {key for key, count in Counter(keys).items() if count == 1}
        for keys in (ours, theirs)
    ]
    single = once[0] & once[1]
    return {key: n for n, key in enumerate(theirs) if key in single}


def _contradiction(
    part: str, names: Sequence[str], keys: Sequence[str], index: Mapping[str, int]
) -> str | None:
    """Find a name with another index in the mentor, and describe the difference."""
    for number, key in enumerate(keys):
        if index.get(key, number) != number:
            return (
                f'has the {part} {names[number]!r} at index {index[key]}, but the '
                f'dataset has it at {number}, and not all names can be mapped'
            )
    return None


def _few(names: Sequence[str]) -> str:
    """Format the first of many names."""
    return ', '.join(names[:SHOWN_NAMES]) + ', …' * (len(names) > SHOWN_NAMES)


def _key(name: Any) -> str:
    """Normalise a name for comparison."""
    return str(name).replace('_', ' ').casefold().strip()
