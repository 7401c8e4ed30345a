# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Classification of handwritten digits from scikit-learn: the benchmark's suite `demo`.

Trains five mentors, then the same student alone, with other ways of distillation and in
their classroom, with five seeds each, through `mim train`.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from classroomkd_mm.benchmark.command import train, write_page
from classroomkd_mm.benchmark.comparison import Row
from classroomkd_mm.benchmark.method import find_methods
from classroomkd_mm.benchmark.plan import Plan
from classroomkd_mm.benchmark.record import read_record
from classroomkd_mm.benchmark.statistics import CONFIDENCE, Difference, difference
from classroomkd_mm.benchmark.suite import Suite

SUITE = 'demo'
CLASSROOM = 'classroom'
WORDS = {
    'ahead': 'ahead of',
    'behind': 'behind',
    'undecided': 'neither ahead of nor behind',
}


def main(out: Path) -> None:
    """Train all networks, print a table and write a plot."""
    suite = Suite.read(SUITE)
    methods = find_methods(suite.task, suite.methods)
    plan = Plan(suite, methods, suite.seeds, out, strict=True)
    plan.check()
    # A training has one thread: networks this small do not benefit from more.
    train(plan, len(os.sched_getaffinity(0)))
    report(plan)


def report(plan: Plan) -> None:
    """Print what the finished trainings of a plan say, and plot it."""
    rows, _ = write_page(plan)
    print_mentors(plan)
    print_table(plan.suite, rows)
    draw(plan)


def print_mentors(plan: Plan) -> None:
    """Print the accuracy of each mentor."""
    metric = plan.suite.metric
    print(f'\n{plan.suite.title}')
    for name, run in plan.pretraining.items():
        accuracy = read_record(run.folder)['metrics'][metric]
        print(f'{"mentor " + name:52}{accuracy:6.2f}')


def print_table(suite: Suite, rows: Sequence[Row]) -> None:
    """Print each method beside the student alone, and what that says of ours."""
    head = f'{suite.metrics[suite.metric]["title"]}, {len(suite.seeds)} seeds'
    print(f'\n{head:52}{"mean":>6}  to the student alone, {CONFIDENCE:.0%} interval')
    for row in rows:
        title = row.results.method.title
        if not row.values:
            print(f'{title:52}failed: {next(iter(row.results.failures.values()))}')
            continue
        found = row.to_alone
        verdict = f'  {interval(found):22}{found.verdict}' if found else ''
        print(f'{title:52}{row.mean:6.2f}{verdict}')
    others = [row for row in rows if row.values and row.results.method.kind != 'ours']
    for row in rows:
        if row.values and row.results.method.kind == 'ours':
            print(f'\n"{row.results.method.title}" is')
            for other in others:
                found = difference(row.values, other.values)
                if found is not None:
                    print(f'  {sentence(found, other.results.method.title)}')


def sentence(found: Difference, other: str) -> str:
    """Say in words how a method compares with another one.

    A difference that is not clear of zero is neither a gain nor a loss.
    """
    return f'{WORDS[found.verdict]} {other}: {interval(found)}'


def interval(found: Difference) -> str:
    """Write a difference with its interval."""
    return f'{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}]'


def draw(plan: Plan) -> None:
    """Plot how much each mentor taught over time."""
    from classroomkd_mm.visualization import plot_teaching, read_report

    jobs = [job for job in plan.jobs if job.method.name == CLASSROOM]
    finished = [job.folder for job in jobs if job.runs[-1].state == 'finished']
    if not finished:
        return
    reports = [read_report(folder) for folder in finished]
    picture = plan.out / 'classroom.png'
    plot_teaching(reports, picture, f'Who taught, {len(reports)} seeds')
    print(f'Which mentor taught how much over time: {picture}')
