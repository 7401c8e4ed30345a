# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The time that a training takes to start."""

import re
import subprocess
import sys
import tempfile
import time

DIGITS = 'classroomkd_resnet8-w4_1xb20_digits.py'


def time_to_first_iteration() -> float:
    """Start ``mim train`` on the digits, and stop it after its first iteration.

    Returns:
        float: Seconds.

    Raises:
        RuntimeError: If it ends before.
    """
    command = [sys.executable, '-m', 'mim', 'train', 'classroomkd_mm', DIGITS]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run = subprocess.Popen(
            [*command, '--work-dir', folder,
             '--cfg-options', 'default_hooks.logger.interval=1'],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        lines = []
        for line in run.stdout:
            lines.append(line)
            if re.search(r'Epoch\(train\).*\[1\]\[', line):
                seconds = time.perf_counter() - start
                run.stdout.close()  # it ends when it writes its next line
                run.wait()
                return seconds
    raise RuntimeError(f'{" ".join(command)} failed:\n{"".join(lines[-20:])}')
