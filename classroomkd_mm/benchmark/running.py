# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Doing the trainings of a plan, several at a time."""

import errno
import fcntl
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from .._runs import run_logged
from .plan import FAILURE, Job, Plan, Run
from .record import read_record
from .start import write_start

CACHE_LOG = 'cache_log'
"""Folder beside the runs, for what filling the cache prints."""


LOCK = '.lock'
"""File in the folder of a plan, locked while its trainings run."""


class Watcher(Protocol):
    """Somebody who is told what happens."""

    def say(self, text: str) -> None:
        """Hear a line about what was done.

        Args:
            text (str): The line.
        """


@contextmanager
def locked(folder: Path, is_shared: bool = False) -> Iterator[None]:
    """Keep other benchmarks out of a folder, whose runs would write over each other.

    Args:
        folder (Path): That of a plan. It is made if it is missing.
        is_shared (bool): Whether only those are kept out that do not share it: with
            others that do, this one divides the runs. Defaults to False.

    Raises:
        RuntimeError: If another benchmark is training there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    with open(folder / LOCK, 'w') as file:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RuntimeError(
                f'Another benchmark is training in {folder}: wait until it has ended, '
                'or choose another --out.'
            ) from error
        except OSError as error:
            # Some file systems of clusters have no locks.
            if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
        yield


def prepare(plan: Plan, jobs: int, watcher: Watcher) -> None:
    """Train the mentors, initialise the students and fill the cache.

    Args:
        plan (Plan): The plan, its configs written.
        jobs (int): How many trainings at a time.
        watcher (Watcher): Who is told.

    Raises:
        RuntimeError: If one of these fails: no method could be compared.
    """
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda run: do(run, watcher), plan.pretraining.values()))
    for seed in plan.seeds:
        write_start(plan.start(seed).with_suffix('.py'), plan.start(seed))
    filling = cache_command(plan)
    if filling:
        watcher.say('Filling the cache of the mentors.')
        run_logged([sys.executable, '-m', *filling], plan.out / CACHE_LOG)


def cache_command(plan: Plan) -> list[str]:
    """Write the command line that fills the cache of a plan.

    Args:
        plan (Plan): The plan.

    Returns:
        list[str]: ``mim run classroomkd_mm cache_mentors …``, in parts; empty if the
        plan has no cache, or all runs have begun, so that it is full.
    """
    run = plan.cached()
    if run is None or all(job.runs[-1].state != 'to do' for job in plan.jobs):
        return []
    command = ['mim', 'run', 'classroomkd_mm', 'cache_mentors', str(run.path)]
    return [*command, '--work-dir', str(plan.out / CACHE_LOG)]


def run_all(jobs: Sequence[Job], workers: int, watcher: Watcher) -> None:
    """Do what has not been done; a failure does not stop the others.

    Args:
        jobs (Sequence[Job]): In the order in which they are begun.
        workers (int): How many at a time.
        watcher (Watcher): Who is told.
    """
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda job: _attempt(job, watcher), jobs))


def _attempt(job: Job, watcher: Watcher) -> None:
    """Do a job, and keep the last line of what fails."""
    job.folder.mkdir(parents=True, exist_ok=True)
    failure = job.folder / FAILURE
    failure.unlink(missing_ok=True)
    try:
        for run in job.runs:
            do(run, watcher)
    except RuntimeError as error:
        last = reason(str(error))
        failure.write_text(last, encoding='utf-8')
        watcher.say(f'{job.method.title}, seed {job.seed}, failed: {last}')


def exit_if_failed(jobs: Sequence[Job]) -> None:
    """End the process, so that scripts see it, if a job has failed.

    Args:
        jobs (Sequence[Job]): What was to be done.

    Raises:
        SystemExit: With the names of the runs that failed, and a status of 1.
    """
    failed = [
        job.runs[-1].title
        for job in jobs
        if (job.folder / FAILURE).is_file() and job.runs[-1].state != 'finished'
    ]
    if failed:
        raise SystemExit(
            f'{len(failed)} of {len(jobs)} runs failed: {"; ".join(failed)}.'
        )


def reason(output: str) -> str:
    """Find the line that says why a training failed.

    Args:
        output (str): The end of what it printed.

    Returns:
        str: The line of its exception; MIM, which started it, adds one of its own. The
        last line if there is none.
    """
    lines = [line for line in output.splitlines() if line.strip()]
    raised = [
        line
        for line in lines
        if re.match(r'[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit)\b', line)
        and not line.startswith('subprocess.CalledProcessError')
    ]
    return (raised or lines)[-1]


def do(run: Run, watcher: Watcher) -> None:
    """Do a training, or what is left of it.

    Args:
        run (Run): The training, its config written.
        watcher (Watcher): Who is told.

    Raises:
        RuntimeError: If it fails.
    """
    if run.state == 'finished':
        return
    run_logged([sys.executable, '-m', *run.command()], run.folder)
    if run.state != 'finished':
        raise RuntimeError(
            f'{run.folder}: the run ended without a validation after its last '
            'iteration.'
        )
    metrics = read_record(run.folder)['metrics']
    found = ', '.join(f'{name} {value:.4g}' for name, value in metrics.items())
    watcher.say(f'{run.title}: {found}')
