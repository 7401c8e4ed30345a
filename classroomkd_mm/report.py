# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The report of a run: lines of JSON in its work dir, each about a stretch of it."""

import json
from pathlib import Path
from typing import Any

REPORT = 'classroom.jsonl'
"""The name of the file in the work dir."""


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read what has been written so far.

    Args:
        path (Path): The report.

    Returns:
        list[dict]: One entry a line. A last line that was cut off, by a kill or
        because it is being written, is left out.
    """
    lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith('\n')]


def append_line(path: Path, line: dict[str, Any]) -> None:
    """Add a line.

    Args:
        path (Path): The report. It is made if need be.
        line (dict): With ``iter``, the number of iterations behind it.
    """
    with path.open('a', encoding='utf-8') as file:
        file.write(json.dumps(line) + '\n')


def drop_lines_after(path: Path, iteration: int) -> None:
    """Drop the lines of iterations that will be run again.

    Args:
        path (Path): The report. It may be missing.
        iteration (int): The number of iterations behind the run: 0 for a new one.
    """
    if not path.is_file():
        return
    kept = [line for line in read_lines(path) if line['iter'] <= iteration]
    text = ''.join(json.dumps(line) + '\n' for line in kept)
    path.write_text(text, encoding='utf-8')
