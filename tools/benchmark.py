# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Compare the classroom with its rivals: same student, same mentors, same budget.

Trains the mentors, then the student in every way of the plan for every seed, and
prints a table in Markdown. Called again, it goes on where it was stopped.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmark_plans import PLANS, Plan

TOOLS = Path(__file__).resolve().parent
CONFIGS = TOOLS.parent / 'configs'


def main() -> None:
    """Train what is not trained yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('plan', choices=PLANS)
    parser.add_argument('--out', type=Path, help='default: work_dirs/benchmark/PLAN')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--jobs', type=int, default=2, help='runs at a time')
    parser.add_argument('--table', action='store_true', help='train nothing more')
    args = parser.parse_args()
    plan = PLANS[args.plan]
    out = args.out or Path('work_dirs', 'benchmark', args.plan)
    if not args.table:
        with ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda name: train(plan, out, name, 0), plan.mentors))
            # Seed by seed, so that what there is of a stopped comparison is fair.
            runs = [(method, seed) for seed in args.seeds for method in plan.methods]
            list(pool.map(lambda run: train(plan, out, *run), runs))
    print(table(plan, out, args.seeds))


def folder_of(plan: Plan, out: Path, name: str, seed: int) -> Path:
    """Where a run writes."""
    methods = list(plan.methods)
    return out / f'{methods.index(name) if name in methods else name}_seed{seed}'


def train(plan: Plan, out: Path, name: str, seed: int) -> None:
    """Do one run, unless it is done. All students of a seed start alike."""
    if not results(plan, out, name, seed):
        # Mentors are trained with other seeds than the students.
        config, options = CONFIGS / plan.mentor.format(name), []
        number = 1000
        if name in plan.methods:
            config, options = task(plan, out, name)
            number = seed
        run(
            config,
            folder_of(plan, out, name, seed),
            [f'randomness.seed={number}', *options],
        )
    print(f'{name}, seed {seed}: {results(plan, out, name, seed)}', flush=True)


def task(plan: Plan, out: Path, name: str) -> tuple[Path, list[str]]:
    """Find the recipe of a method, and its options."""
    method = plan.methods[name]
    if not method.recipe:
        return CONFIGS / plan.student, []
    teaching = plan.mentors
    if method.best_only:
        teaching = (max(plan.mentors, key=lambda m: results(plan, out, m, 0)),)
    weights = f'epoch_{plan.mentor_epochs}.pth'
    mentors = [
        f'model.mentors.{mentor}.ckpt={folder_of(plan, out, mentor, 0) / weights}'
        if mentor in teaching
        else f'model.mentors.{mentor}=None'
        for mentor in plan.mentors
    ]
    config = CONFIGS / plan.classroom.format(method.recipe)
    return config, [*method.options, *mentors]


def run(config: Path, folder: Path, options: list[str]) -> None:
    """Train in a process of its own, its output in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / 'output.txt').open('w') as log:
        subprocess.run(
            [
                sys.executable, TOOLS / 'train.py', config, '--resume',
                '--work-dir', folder, '--cfg-options', *options,
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},
            check=True,
        )  # fmt: skip


def results(plan: Plan, out: Path, name: str, seed: int) -> tuple[float, ...]:
    """Read the metrics after the last epoch, () if the run has not ended."""
    last = plan.epochs if name in plan.methods else plan.mentor_epochs
    for log in folder_of(plan, out, name, seed).glob('*/vis_data/scalars.json'):
        for line in map(json.loads, log.read_text().splitlines()):
            if line['step'] == last and set(plan.metrics) <= set(line):
                return tuple(
                    line[key] * factor for key, (_, factor) in plan.metrics.items()
                )
    return ()


def table(plan: Plan, out: Path, seeds: list[int]) -> str:
    """Write the table in Markdown; rows without a result are left out."""
    heads = [f'{head} | by seed' for head, _ in plan.metrics.values()]
    lines = [f'| | {" | ".join(heads)} |', '|---' * (1 + 2 * len(heads)) + '|']
    for name in plan.mentors:
        cells = ''.join(f' {x:.2f} | |' for x in results(plan, out, name, 0))
        lines.append(f'| mentor {name} |{cells}')
    for name in plan.methods:
        done = [results(plan, out, name, seed) for seed in seeds]
        done = [values for values in done if values]
        if done:
            cells = ' | '.join(summary(values) for values in zip(*done, strict=True))
            lines.append(f'| {name} | {cells} |')
    return '\n'.join(lines)


def summary(values: tuple[float, ...]) -> str:
    """Write mean and standard deviation, and each seed's value."""
    spread = f' ± {statistics.stdev(values):.2f}' if len(values) > 1 else ''
    by_seed = ', '.join(f'{value:.1f}' for value in values)
    return f'{statistics.mean(values):.2f}{spread} | {by_seed}'


if __name__ == '__main__':
    main()
