# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Starting training runs for the scripts in tools/, and reading their metrics."""

import json
import os
import subprocess
import sys
from pathlib import Path


def mim_train(
    config: str | Path, folder: Path, options: list[str], *arguments: str
) -> None:
    """Run ``mim train`` on one thread, with its output in ``folder/output.txt``.

    Args:
        config (str | Path): The path of a config, or the file name of a recipe.
        folder (Path): The work dir. It is created if missing.
        options (list[str]): Overrides of the config, as for ``--cfg-options``.
        *arguments (str): Other arguments of ``tools/train.py``.

    Raises:
        RuntimeError: If the run fails; the message contains the end of its output.
    """
    command = [sys.executable, '-m', *train_command(config, folder, *arguments)]
    if options:
        command += ['--cfg-options', *options]
    run_logged(command, folder)


def train_command(config: str | Path, folder: Path, *arguments: str) -> list[str]:
    """Write the command line of a training.

    Args:
        config (str | Path): The path of a config, or the file name of a recipe.
        folder (Path): The work dir.
        *arguments (str): Other arguments of ``tools/train.py``.

    Returns:
        list[str]: ``mim train classroomkd_mm …``, in parts.
    """
    command = ['mim', 'train', 'classroomkd_mm', str(config)]
    return [*command, '--work-dir', str(folder), *arguments]


def run_logged(command: list[str], folder: Path) -> None:
    """Run a command on one thread, with its output in ``folder/output.txt``.

    Args:
        command (list[str]): The command, in parts.
        folder (Path): The folder. It is created if missing.

    Raises:
        RuntimeError: If it fails; the message contains the end of its output.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / 'output.txt'
    with log.open('w') as output:
        run = subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},
        )
    if run.returncode:
        end = '\n'.join(log.read_text().splitlines()[-60:])  # MIM adds 25 lines
        raise RuntimeError(f'{" ".join(command)}\nfailed. The end of {log}:\n{end}')


def last_validation(folder: Path, *metrics: str) -> dict[str, float]:
    """Read the last validation of the newest run in a work dir.

    Args:
        folder (Path): The work dir.
        *metrics (str): Names of the metrics that a validation logs.

    Returns:
        dict[str, float]: The metrics, and ``step``: the epoch, or the iteration if
        LoggerHook has ``log_metric_by_epoch=False``. Empty before the first validation.
    """
    logs = sorted(folder.glob('*/vis_data/scalars.json'))
    lines = map(json.loads, logs[-1].read_text().splitlines()) if logs else ()
    validations = [line for line in lines if line.keys() >= set(metrics)]
    return validations[-1] if validations else {}
