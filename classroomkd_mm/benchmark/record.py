# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What a run leaves for the page: one JSON file in its work dir."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..atomic_files import written_whole

RECORD = 'record.json'
"""File name of the record in the work dir."""


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write a record, whole or not at all.

    Args:
        folder (Path): The work dir.
        record (Mapping[str, Any]): What RunRecordHook knows.
    """
    with written_whole(folder / RECORD, encoding='utf-8') as file:
        json.dump(record, file, indent=1)


def read_record(folder: Path) -> dict[str, Any]:
    """Read the record of a run.

    Args:
        folder (Path): The work dir.

    Returns:
        dict[str, Any]: The record; empty if the run has not written one.
    """
    path = folder / RECORD
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}


def is_finished(folder: Path) -> bool:
    """Whether a run has been validated after its last iteration.

    Args:
        folder (Path): The work dir.

    Returns:
        bool: True if so.
    """
    return bool(read_record(folder).get('finished'))
