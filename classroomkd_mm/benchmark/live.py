# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What is seen while the trainings of a plan run."""

import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from .plan import FAILURE, Job, Plan
from .record import read_record

REFRESH_SECONDS = 5


class Board:
    """A live table on a terminal, and lines of text anywhere.

    Args:
        plan (Plan): What is run.
        workers (int): How many trainings at a time.
        console (Console, optional): Where to print. Defaults to the standard output.
    """

    def __init__(self, plan: Plan, workers: int, console: Console | None = None):
        self.plan, self.workers = plan, workers
        self.console = console or Console()

    def say(self, text: str) -> None:
        """Print a line, above the table if there is one.

        Args:
            text (str): The line.
        """
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the table up to date for a while.

        Yields:
            None: While the runs go on.
        """
        if not self.console.is_terminal:
            yield
            return
        stop = threading.Event()
        with Live(self.table(), console=self.console, auto_refresh=False) as live:

            def refresh() -> None:
                while not stop.wait(REFRESH_SECONDS):
                    live.update(self.table(), refresh=True)

            thread = threading.Thread(target=refresh, daemon=True)
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join()
                live.update(self.table(), refresh=True)

    def table(self) -> Table:
        """Draw where all runs are.

        Returns:
            Table: A row for each method, a column for each seed.
        """
        left = time_left(self.plan.jobs, self.workers)
        caption = f'about {left} left' if left else None
        table = Table(title=escape(self.plan.suite.title), caption=caption)
        table.add_column('method')
        for seed in self.plan.seeds:
            table.add_column(f'seed {seed}', justify='right')
        jobs = {(job.method.name, job.seed): job for job in self.plan.jobs}
        for method in self.plan.methods:
            cells = [self._cell(jobs[method.name, seed]) for seed in self.plan.seeds]
            table.add_row(escape(method.title), *cells)
        return table

    def _cell(self, job: Job) -> str:
        """Say in a few letters where a job is."""
        record = read_record(job.folder)
        if record.get('finished'):
            metric = self.plan.suite.metric
            factor = self.plan.suite.metrics[metric].get('factor', 1)
            return f'{factor * record["metrics"][metric]:.2f}'
        if (job.folder / FAILURE).is_file():
            return 'failed'
        share = progress(job)
        return f'{share:.0%}' if share else ''


def progress(job: Job) -> float:
    """Say how much of a job is done.

    Args:
        job (Job): A job.

    Returns:
        float: From 0 to 1.
    """
    shares = []
    for run in job.runs:
        record = read_record(run.folder)
        shares.append(record['iteration'] / record['iterations'] if record else 0)
    return min(1.0, sum(shares) / len(shares))


def time_left(jobs: list[Job], workers: int) -> timedelta | None:
    """Estimate how long the rest takes, from the runs that have a record.

    Args:
        jobs (list[Job]): All jobs.
        workers (int): How many at a time.

    Returns:
        timedelta | None: The time, to a second; None if nothing is known yet.
    """
    speeds: dict[str, list[float]] = {}
    for job in jobs:
        record = read_record(job.folder)
        if record and record['seconds'] > 0 and record['iteration'] > 0:
            per_iteration = record['seconds'] / record['iteration']
            whole = per_iteration * record['iterations'] * len(job.runs)
            speeds.setdefault(job.method.name, []).append(whole)
    if not speeds:
        return None
    usual = statistics.mean(x for found in speeds.values() for x in found)
    left = 0.0
    for job in jobs:
        if (job.folder / FAILURE).is_file():
            continue
        whole = statistics.mean(speeds.get(job.method.name, [usual]))
        left += whole * (1 - progress(job))
    return timedelta(seconds=round(left / workers)) if left else None
