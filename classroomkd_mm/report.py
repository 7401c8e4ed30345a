# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The report of a run: lines of JSON in its work dir, each for an interval of it."""

import json
from pathlib import Path
from typing import Any

from .atomic_files import written_whole

REPORT = 'classroom.jsonl'
"""File name of the report in the work dir."""


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a report.

    Args:
        path (Path): The report.

    Returns:
        list[dict]: One entry per line. An incomplete last line, of a run that was
        killed or is still writing, is ignored.
    """
    lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith('\n')]


def append_line(path: Path, line: dict[str, Any]) -> None:
    """Append a line.

    Args:
        path (Path): The report. It is created if missing.
        line (dict): The line, with the number of completed iterations as ``iter``.
    """
    with path.open('a', encoding='utf-8') as file:
        file.write(json.dumps(line) + '\n')


def drop_lines_after(path: Path, iteration: int) -> None:
    """Remove the lines of iterations that a resumed run repeats.

    Args:
        path (Path): The report. It may be missing.
        iteration (int): Number of completed iterations; 0 for a new run.
    """
    if not path.is_file():
        return
    kept = [line for line in read_lines(path) if line['iter'] <= iteration]
    text = ''.join(json.dumps(line) + '\n' for line in kept)
    with written_whole(path, encoding='utf-8') as file:
        file.write(text)
