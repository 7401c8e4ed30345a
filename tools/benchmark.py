# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Compare the classroom with its rivals: same student, same mentors, same budget.

Trains the mentors, then the student in every way of METHODS for every seed, and
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
from typing import NamedTuple

TOOLS = Path(__file__).resolve().parent
CONFIGS = TOOLS.parent / 'configs'


class Plan(NamedTuple):
    """What is compared: the first mentor is the strongest one."""

    folder: str
    classroom_folder: str
    suffix: str
    mentors: tuple[str, ...]
    student: str
    epochs: int
    mentor_epochs: int


PLANS = {
    'digits': Plan(
        folder='pretrain/digits',
        classroom_folder='classroomkd/digits',
        suffix='1xb20_digits.py',
        mentors=('resnet14-w20', 'resnet8-w8', 'resnet8-w3'),
        student='resnet8-w4',
        epochs=240,
        mentor_epochs=80,
    ),
    'cifar10_jpeg': Plan(
        folder='benchmarks/cifar10_jpeg',
        classroom_folder='benchmarks/cifar10_jpeg',
        suffix='1xb64_cifar10-jpeg.py',
        mentors=('resnet20', 'resnet14', 'resnet8'),
        student='resnet8',
        epochs=12,
        mentor_epochs=12,
    ),
}

DISTILLER = 'model.distiller'
FILTER, MENTORING = f'{DISTILLER}.knowledge_filter', f'{DISTILLER}.mentoring'
LOSS = f'{DISTILLER}.distill_losses.loss_classroom'
SCORE = f'{DISTILLER}.task_weight=student_score'
W1 = f'{DISTILLER}.task_weight=constant'
FIXED = f'{MENTORING}.mode=4.0'
SAMPLE, BATCH = (f'{FILTER}.level={level}' for level in ('sample', 'batch'))
CLASSICAL = (FIXED, f'{FILTER}.enabled=False')
THIRD = f'{LOSS}.loss_weight=0.3333'
METHODS: dict[str, tuple[str, ...] | None] = {
    'student alone': None,
    'KD from the best mentor, τ = 4': CLASSICAL,
    'average of three, τ = 4': (*CLASSICAL, THIRD),
    'classroom, sample, W = score': (SAMPLE, SCORE),
    'classroom, sample, W = 1': (SAMPLE, W1),
    'classroom, batch, W = score': (BATCH, SCORE),
    'classroom, batch, W = 1': (BATCH, W1),
    'sample filter, fixed τ = 4, W = 1': (SAMPLE, FIXED, W1),
    'classroom, sample, W = 1, τ_max = 4': (SAMPLE, f'{MENTORING}.tau_max=4', W1),
}
BEST_ONLY = 'KD from the best mentor, τ = 4'


def main() -> None:
    """Train what is not trained yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('plan', choices=PLANS)
    parser.add_argument('--out', type=Path, help='default: work_dirs/benchmark/PLAN')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--jobs', type=int, default=2, help='runs at a time')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], help='added to those of every run'
    )
    args = parser.parse_args()
    plan = PLANS[args.plan]
    out = args.out or Path('work_dirs', 'benchmark', args.plan)
    with ThreadPoolExecutor(args.jobs) as pool:
        runs = [(name, 0) for name in plan.mentors]
        list(pool.map(lambda run: train(plan, out, *run, args.cfg_options), runs))
        # Seed by seed, so that what there is of a stopped comparison is fair.
        runs = [(method, seed) for seed in args.seeds for method in METHODS]
        list(pool.map(lambda run: train(plan, out, *run, args.cfg_options), runs))
    print(table(plan, out, args.seeds))


def folder_of(out: Path, name: str, seed: int) -> Path:
    """Where a run writes."""
    number = list(METHODS).index(name) if name in METHODS else name
    return out / f'{number}_seed{seed}'


def train(plan: Plan, out: Path, name: str, seed: int, options: list[str]) -> None:
    """Do one run, unless it is done. All students of a seed start alike."""
    folder = folder_of(out, name, seed)
    if accuracy(plan, out, name, seed) is None:
        config = CONFIGS / plan.folder / f'{name}_{plan.suffix}'
        # Mentors are trained with other seeds than the students.
        options = [f'randomness.seed={seed if name in METHODS else 1000}', *options]
        if name in METHODS:
            config = CONFIGS / plan.folder / f'{plan.student}_{plan.suffix}'
        if METHODS.get(name) is not None:
            stem = f'classroomkd_{plan.student}_{plan.suffix}'
            config = CONFIGS / plan.classroom_folder / stem
            options += [*METHODS[name], *mentor_options(plan, out, name)]
        run(config, folder, options)
    print(f'{name}, seed {seed}: {accuracy(plan, out, name, seed):.2f}', flush=True)


def mentor_options(plan: Plan, out: Path, name: str) -> list[str]:
    """Name the mentors' checkpoints, and leave out who does not teach."""
    best, *others = plan.mentors
    checkpoints = [
        f'model.mentors.{mentor}.ckpt='
        f'{folder_of(out, mentor, 0) / f"epoch_{plan.mentor_epochs}.pth"}'
        for mentor in plan.mentors
    ]
    if name != BEST_ONLY:
        return checkpoints
    return [checkpoints[0], *(f'model.mentors.{mentor}=None' for mentor in others)]


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


def accuracy(plan: Plan, out: Path, name: str, seed: int) -> float | None:
    """Read the accuracy after the last epoch, None if the run has not ended."""
    last = plan.epochs if name in METHODS else plan.mentor_epochs
    for log in folder_of(out, name, seed).glob('*/vis_data/scalars.json'):
        for line in map(json.loads, log.read_text().splitlines()):
            if 'accuracy/top1' in line and line['step'] == last:
                return line['accuracy/top1']
    return None


def table(plan: Plan, out: Path, seeds: list[int]) -> str:
    """Write the table in Markdown."""
    lines = ['| | accuracy, % | by seed |', '|---|---|---|']
    for name in plan.mentors:
        value = accuracy(plan, out, name, 0)
        lines.append(f'| mentor {name} | {value:.2f} | |')
    for name in METHODS:
        values = [accuracy(plan, out, name, seed) for seed in seeds]
        spread = f' ± {statistics.stdev(values):.2f}' if len(values) > 1 else ''
        by_seed = ', '.join(f'{value:.1f}' for value in values)
        lines.append(f'| {name} | {statistics.mean(values):.2f}{spread} | {by_seed} |')
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
