# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The command line of the benchmark."""

import argparse
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from .comparison import Row, compare
from .identity import check_same_suite
from .method import find_methods
from .page import as_json, markdown, table_of_runs
from .plan import Plan, Run
from .plot import plot
from .record import read_record
from .results import collect
from .suite import Suite, check_files


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare methods, and exit with 1 if a training failed.

    Args:
        arguments (Sequence[str], optional): Defaults to those of the process.

    Raises:
        RuntimeError: If another benchmark is training in the folder.
        SystemExit: If a training failed; the others are done, and the page is written.
        ValueError: If suite, methods, seeds or the folder cannot be.
        FileNotFoundError: If a file of the suite is missing.
    """
    from .running import exit_if_failed

    args = parser().parse_args(arguments)
    suite = Suite.read(args.suite)
    names = args.methods or suite.methods
    plan = Plan(
        suite,
        find_methods(suite.task, names),
        suite.seeds if args.seeds is None else args.seeds,
        args.out or Path('work_dirs', 'benchmark', suite.name),
        strict=bool(names),
    )
    plan.check()
    if args.collect is None:
        check_files(suite)
    else:
        check_collected(plan, args.collect)
    if args.dry_run:
        print(outlook(plan))
    elif args.print_commands:
        plan.write()
        print(commands(plan))
    else:
        if args.collect is None:
            train(plan, args.jobs)
        leave_page(plan, args.collect or ())
        if args.collect is None:
            exit_if_failed(plan.jobs)


def check_collected(plan: Plan, elsewhere: Sequence[Path]) -> None:
    """Refuse folders that have no runs of a plan, or others than it would make.

    Args:
        plan (Plan): The plan.
        elsewhere (Sequence[Path]): Folders beside its own.

    Raises:
        FileNotFoundError: If a folder is none of a benchmark; the plan's own may be
            new if there are others.
        ValueError: If one is of another suite, or a run in it has another config.
    """
    for folder in elsewhere or [plan.out]:
        if not (folder / 'suite.json').is_file():
            raise FileNotFoundError(
                f'{folder} has no suite.json, so that it is no folder of a benchmark '
                'to collect from. Name one with --out, or behind --collect.'
            )
    for folder in elsewhere:
        check_same_suite(plan.suite, folder)
        for run in plan.runs():
            there = folder / run.folder.relative_to(plan.out)
            replace(run, folder=there).check()


def number_of_jobs(text: str) -> int:
    """Read how many trainings to run at a time.

    Args:
        text (str): As it was written.

    Returns:
        int: 1 or more.

    Raises:
        argparse.ArgumentTypeError: If it is something else.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f'{text!r} must be a whole number of 1 or more'
        )
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        argparse.ArgumentParser: Its parser.
    """
    parser = argparse.ArgumentParser(
        prog='benchmark.py',
        description='Compare ways to train the same student: train it with every '
        'method and seed, and write a page. Interrupted, run it again: finished runs '
        'are kept, the others resume.',
    )
    parser.add_argument('suite', help='a suite of configs/benchmarks/suites, or a file')
    parser.add_argument(
        '--seeds', type=int, nargs='+', help='seeds (default: those of the suite)'
    )
    parser.add_argument(
        '--methods',
        nargs='+',
        help='methods to compare, in the order in which to run them (default: those '
        'of the suite, or all of its task)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        help='folder for everything (default: work_dirs/benchmark/SUITE)',
    )
    parser.add_argument(
        '--jobs',
        type=number_of_jobs,
        default=1,
        help='trainings at a time (default: 1)',
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        '--dry-run', action='store_true', help='say what would be run, and stop'
    )
    what.add_argument(
        '--print-commands',
        action='store_true',
        help='write the configs and print the commands that train them, and stop',
    )
    what.add_argument(
        '--collect',
        type=Path,
        nargs='*',
        metavar='DIR',
        help='train nothing: write the page from the runs in the folder of --out and '
        'in these folders of the same suite',
    )
    return parser


def outlook(plan: Plan) -> str:
    """Say what a plan would run.

    Args:
        plan (Plan): The plan.

    Returns:
        str: A line for each training, and the number of each kind.
    """
    runs = list(plan.runs())
    lines = [f'{run.state:12} {run.title}  ({run.folder})' for run in runs]
    lines += [f'{"left out":12} {name}: {why}' for name, why in plan.left_out.items()]
    states = [run.state for run in runs]
    counts = (
        f'{states.count(state)} {state}'
        for state in ('finished', 'interrupted', 'to do')
    )
    return '\n'.join([*lines, f'{len(runs)} trainings: {", ".join(counts)}.'])


def commands(plan: Plan) -> str:
    """Write the commands of all trainings that have not finished.

    The initial weights are made right away: every training needs them.

    Args:
        plan (Plan): The plan, its configs written.

    Returns:
        str: A line for each command, in an order in which they can be run.
    """
    from .running import cache_command
    from .start import write_start

    for seed in plan.seeds:
        write_start(plan.start(seed).with_suffix('.py'), plan.start(seed))

    def left(runs: Iterable[Run]) -> list[list[str]]:
        return [run.command() for run in runs if run.state != 'finished']

    training = [run for job in plan.jobs for run in job.runs]
    filling = cache_command(plan)
    lines = [*left(plan.pretraining.values()), filling, *left(training)]
    return '\n'.join(shlex.join(line) for line in lines if line)


def train(plan: Plan, workers: int) -> None:
    """Do all trainings of a plan.

    Args:
        plan (Plan): The plan.
        workers (int): How many at a time.

    Raises:
        RuntimeError: If another benchmark is training in the folder.
    """
    from .live import Board
    from .running import locked, prepare, run_all

    with locked(plan.out):
        plan.write()
        board = Board(plan, workers)
        with board.shown():
            prepare(plan, workers, board)
            run_all(plan.jobs, workers, board)


def leave_page(plan: Plan, elsewhere: Sequence[Path]) -> None:
    """Write the page of a plan, and print it.

    Args:
        plan (Plan): The plan.
        elsewhere (Sequence[Path]): Other folders with runs of the suite.
    """
    _, text = write_page(plan, elsewhere)
    print(text)
    print(f'The page is in {plan.out}: benchmark.md, .csv, .json and .png.')


def write_page(plan: Plan, elsewhere: Sequence[Path] = ()) -> tuple[list[Row], str]:
    """Write the page of a plan: Markdown, CSV, JSON and a plot.

    Args:
        plan (Plan): The plan.
        elsewhere (Sequence[Path]): Other folders with runs of the suite.

    Returns:
        tuple[list[Row], str]: The methods, the best mean first, and the Markdown.
    """
    rows, baseline = compare(plan.suite, collect(plan, elsewhere))
    mentors = {name: read_record(run.folder) for name, run in plan.pretraining.items()}
    plan.out.mkdir(parents=True, exist_ok=True)
    text = markdown(plan.suite, rows, baseline, mentors, plan.left_out)
    (plan.out / 'benchmark.md').write_text(text, encoding='utf-8')
    csv = table_of_runs(plan.suite, rows)
    (plan.out / 'benchmark.csv').write_text(csv, encoding='utf-8')
    json = as_json(plan.suite, rows, baseline)
    (plan.out / 'benchmark.json').write_text(json, encoding='utf-8')
    plot(plan.suite, rows, plan.out / 'benchmark.png')
    return rows, text
