# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Compare the classroom with other methods: same student, same mentors, same budget.

Trains the mentors, then the student with every method and seed of a plan, and prints
a table in Markdown. If interrupted, run it again: it skips finished runs and resumes
the others.
"""

import argparse
import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from plans import PLANS, Plan

from classroomkd_mm._runs import last_validation, mim_train

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('plan', choices=PLANS, help='what to compare')
    parser.add_argument(
        '--out',
        type=Path,
        help='where the runs write (default: work_dirs/benchmark/PLAN)',
    )
    parser.add_argument(
        '--seeds',
        type=int,
        nargs='+',
        default=[0, 1, 2],
        help='seeds of the student (default: 0 1 2)',
    )
    parser.add_argument(
        '--jobs', type=int, default=2, help='number of concurrent runs (default: 2)'
    )
    parser.add_argument(
        '--table', action='store_true', help='print the table without training'
    )
    args = parser.parse_args()
    plan = PLANS[args.plan]
    out = args.out or Path('work_dirs', 'benchmark', args.plan)
    if not args.table:
        with ThreadPoolExecutor(args.jobs) as pool:
            list(pool.map(lambda name: train(plan, out, name, 0), plan.mentors))
            # Seed by seed, so that the methods stay comparable after an interruption.
            runs = [(method, seed) for seed in args.seeds for method in plan.methods]
            list(pool.map(lambda run: train(plan, out, *run), runs))
    print(table(plan, out, args.seeds))


def folder_of(plan: Plan, out: Path, name: str, seed: int) -> Path:
    """The work dir of a run."""
    methods = list(plan.methods)
    return out / f'{methods.index(name) if name in methods else name}_seed{seed}'


def train(plan: Plan, out: Path, name: str, seed: int) -> None:
    """Do one run, unless it has finished. Students of a seed start identically."""
    if not results(plan, out, name, seed):
        if name in plan.methods:
            config, options = recipe_of(plan, out, name)
            options = [f'randomness.seed={seed}', *options]
        else:  # The mentors do not share a seed with any student.
            config = CONFIGS / plan.mentor.format(name)
            options = ['randomness.seed=1000']
        mim_train(config, folder_of(plan, out, name, seed), options, '--resume')
    print(f'{name}, seed {seed}: {results(plan, out, name, seed)}', flush=True)


def recipe_of(plan: Plan, out: Path, name: str) -> tuple[Path, list[str]]:
    """The recipe of a method, and its options."""
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


def results(plan: Plan, out: Path, name: str, seed: int) -> tuple[float, ...]:
    """Read the metrics after the last epoch; empty if the run has not finished."""
    last_epoch = plan.epochs if name in plan.methods else plan.mentor_epochs
    validation = last_validation(folder_of(plan, out, name, seed), *plan.metrics)
    if validation.get('step') != last_epoch:
        return ()
    return tuple(validation[key] * factor for key, (_, factor) in plan.metrics.items())


def table(plan: Plan, out: Path, seeds: list[int]) -> str:
    """Format the results in Markdown, omitting methods without results."""
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
    """Format the mean, the standard deviation and each seed's value."""
    spread = f' ± {statistics.stdev(values):.2f}' if len(values) > 1 else ''
    by_seed = ', '.join(f'{value:.1f}' for value in values)
    return f'{statistics.mean(values):.2f}{spread} | {by_seed}'


if __name__ == '__main__':
    main()
