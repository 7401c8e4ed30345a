# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Telling a comparison from another one, wherever its files are."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..fingerprints import describe, differences
from .configs import common_config, common_part
from .suite import Suite

MOVED = re.compile(
    r'[^:]*\bdata_root: |[^:]*\bmentor_cache\.path: |(?!load_from)\w+: "[^"]*/'
)
"""A difference in where something is: the data, their cache (which compares the samples
itself), or what a variable of a config file names, which no run looks at."""


def identity(suite: Suite) -> dict[str, Any]:
    """Describe a suite so that another one cannot be taken for it.

    Args:
        suite (Suite): The suite.

    Returns:
        dict[str, Any]: Its name, mentors, and what all runs have in common.
    """
    return portable(
        dict(
            name=suite.name,
            mentors=suite.mentors,
            cache=suite.cache,
            **common_part(common_config(suite, 0)),
        )
    )


def check_same_suite(suite: Suite, folder: Path) -> None:
    """Refuse a folder of another suite.

    Args:
        suite (Suite): The suite.
        folder (Path): A folder of runs; it may be missing.

    Raises:
        ValueError: If the folder is of another suite; the message says in what it
            differs.
    """
    path = folder / 'suite.json'
    if not path.is_file():
        return
    there = json.loads(path.read_text(encoding='utf-8'))
    differ = changes(there, identity(suite))
    if differ:
        raise ValueError(
            f'{folder} holds runs of the suite {there.get("name")!r}, which is not '
            f'{suite.name!r} as it is now: {"; ".join(differ[:5])}. Choose another '
            'folder.'
        )


def changes(then: Any, now: Any) -> list[str]:
    """List in what something differs from what it was, but for where things are.

    Args:
        then (Any): What it was, see :func:`~classroomkd_mm.fingerprints.describe`.
        now (Any): What it is.

    Returns:
        list[str]: For each difference the place and both values.
    """
    found = differences(portable(then), portable(now))
    return [line for line in found if not MOVED.match(line)]


def portable(value: Any) -> Any:
    """Describe something, with the last two parts of paths only: folders move.

    Args:
        value (Any): Anything, see :func:`~classroomkd_mm.fingerprints.describe`.

    Returns:
        Any: Its description.
    """
    return _shortened(describe(value))


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shortened(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_shortened(part) for part in value]
    if isinstance(value, str) and os.sep in value and '://' not in value:
        return '/'.join(value.split(os.sep)[-2:])
    return value
