# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Classification of handwritten digits from scikit-learn, with 100 training images.

Trains three mentors of different strength and a student alone, then the same student in
their classroom, with three seeds each, through `mim train`.
"""

import os
import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from classroomkd_mm._runs import last_validation, mim_train

MENTORS = ('resnet14-w20', 'resnet8-w8', 'resnet8-w3')
STUDENT = 'resnet8-w4'
CLASSROOM = f'classroomkd_{STUDENT}'
SEEDS = (0, 1, 2)
MENTOR_EPOCHS = 80
METRIC = 'accuracy/top1'


def main(out: Path) -> None:
    """Train all networks, print a table and write a plot."""
    # One run with one thread per core: networks this small do not benefit from more
    # threads.
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        alone = [(name, seed) for name in (*MENTORS, STUDENT) for seed in SEEDS]
        list(pool.map(lambda run: train(out, *run), alone))
        list(pool.map(lambda seed: train(out, CLASSROOM, seed), SEEDS))
    print_table(out)
    draw(out)


def work_dir(out: Path, name: str, seed: int) -> Path:
    """The work dir of a run."""
    return out / f'{name}_seed{seed}'


def train(out: Path, name: str, seed: int) -> None:
    """Do one run."""
    options = [f'randomness.seed={seed}']
    if name == CLASSROOM:
        options += [
            f'model.mentors.{mentor}.ckpt='
            f'{work_dir(out, mentor, seed) / f"epoch_{MENTOR_EPOCHS}.pth"}'
            for mentor in MENTORS
        ]
    mim_train(f'{name}_1xb20_digits.py', work_dir(out, name, seed), options)
    print(f'{name:24} seed {seed}: {accuracy(out, name, seed):5.2f} %', flush=True)


def accuracy(out: Path, name: str, seed: int) -> float:
    """Read the accuracy after the last epoch, in percent."""
    return last_validation(work_dir(out, name, seed), METRIC)[METRIC]


def print_table(out: Path) -> None:
    """Print each network's accuracy over the seeds, and what the classroom changes."""
    print('\nAccuracy on 899 test images after training on 100, 3 seeds')
    print(f'{"":38}{"mean":>8}{"spread":>16}')
    rows = [(f'mentor {name}', name) for name in MENTORS]
    rows += [
        (f'student {STUDENT} alone', STUDENT),
        (f'student {STUDENT} in the classroom', CLASSROOM),
    ]
    results = {name: [accuracy(out, name, seed) for seed in SEEDS] for _, name in rows}
    for label, name in rows:
        values = results[name]
        spread = f'{min(values):.2f} - {max(values):.2f}'
        print(f'{label:38}{statistics.mean(values):8.2f}{spread:>16}')
    gains = [
        taught - alone
        for taught, alone in zip(results[CLASSROOM], results[STUDENT], strict=True)
    ]
    print(
        f'\nThe classroom changes the student by {statistics.mean(gains):+.2f} points '
        f'(by seed: {", ".join(f"{gain:+.2f}" for gain in gains)}).'
    )


def draw(out: Path) -> None:
    """Plot how much each mentor taught over time."""
    from classroomkd_mm.visualization import plot_teaching, read_report

    reports = [read_report(work_dir(out, CLASSROOM, seed)) for seed in SEEDS]
    picture = out / 'classroom.png'
    plot_teaching(reports, picture, f'Who taught {STUDENT}, on 100 digits, 3 seeds')
    print(f'Which mentor taught how much over time: {picture}')
