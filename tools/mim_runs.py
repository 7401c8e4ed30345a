# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Runs of `mim train`, and what they have measured."""

import json
import os
import subprocess
import sys
from pathlib import Path


def mim_train(recipe: str, folder: Path, options: list[str]) -> None:
    """Train a recipe on one thread, its output in a file; if it fails, give up."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        'mim', 'train', 'classroomkd_mm', recipe,
        '--work-dir', str(folder), '--cfg-options', *options,
    ]  # fmt: skip
    log = folder / 'output.txt'
    with log.open('w') as output:
        code = subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},
        ).returncode
    if code:
        sys.exit(
            f'{" ".join(command)}\nfailed. The end of {log}:\n'
            + '\n'.join(log.read_text().splitlines()[-20:])
        )


def last_metrics(folder: Path, *names: str) -> tuple[float, ...]:
    """Read metrics of the last validation of the last run in a folder."""
    newest = max(folder.glob('*/vis_data/scalars.json'))
    lines = [json.loads(line) for line in newest.read_text().splitlines()]
    validations = [line for line in lines if set(names) <= set(line)]
    return tuple(validations[-1][name] for name in names)
