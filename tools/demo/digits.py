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
from classroomkd_mm.benchmark.statistics import CONFIDENCE, Difference
from classroomkd_mm.benchmark.suite import Suite

SUITE = 'demo'
CLASSROOM = 'classroom'


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
            print(f'{title:52}failed, see {SUITE} in docs/benchmark.md')
            continue
        print(f'{title:52}{row.mean:6.2f}  {described(row.to_alone)}'.rstrip())
    print()
    baseline = next((r for r in rows if is_baseline(r) and r.to_baseline is None), None)
    for row in rows:
        if row.results.method.kind == 'ours':
            print_verdicts(row, baseline)


def is_baseline(row: Row) -> bool:
    """Whether a row is of a baseline that has results."""
    return row.results.method.kind == 'baseline' and bool(row.values)


def print_verdicts(row: Row, baseline: Row | None) -> None:
    """Print whether one of our methods is beyond the noise."""
    print(f'"{row.results.method.title}" is')
    others = {'the student alone': row.to_alone}
    if baseline is not None:
        name = f'the best baseline, "{baseline.results.method.title}"'
        others[name] = row.to_baseline
    for name, found in others.items():
        if found is not None:
            print(f'  {sentence(found, name)}')


def sentence(found: Difference, other: str) -> str:
    """Say in words how a method compares with another one.

    A difference that is not clear of zero is neither a gain nor a loss.
    """
    ahead = (
        'neither ahead of nor behind'
        if found.verdict == 'undecided'
        else (f'{found.verdict} of' if found.verdict == 'ahead' else found.verdict)
    )
    return f'{ahead} {other}: {described(found)}'


def described(found: Difference | None) -> str:
    """Write a difference with its interval and its verdict."""
    if found is None:
        return ''
    interval = f'[{found.low:+.2f}, {found.high:+.2f}]'
    return f'{found.mean:+.2f} {interval:16} {found.verdict}'


def draw(plan: Plan) -> None:
    """Plot how much each mentor taught over time."""
    from classroomkd_mm.visualization import plot_teaching, read_report

    folders = [job.folder for job in plan.jobs if job.method.name == CLASSROOM]
    reports = [read_report(folder) for folder in folders]
    picture = plan.out / 'classroom.png'
    plot_teaching(reports, picture, f'Who taught, {len(reports)} seeds')
    print(f'Which mentor taught how much over time: {picture}')
