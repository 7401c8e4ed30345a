# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The main job on the digits that scikit-learn ships: 100 labelled images.

Three mentors of different strength, then a student alone, then the same student in
their classroom, each for three seeds and each through `mim train`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MENTORS = ('resnet14-w20', 'resnet8-w8', 'resnet8-w3')
STUDENT = 'resnet8-w4'
CLASSROOM = f'classroomkd_{STUDENT}'
SEEDS = (0, 1, 2)
MENTOR_EPOCHS = 80


def main() -> None:
    """Train everything, print a table and write a picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=Path('work_dirs/demo'))
    out = parser.parse_args().out
    start = time.monotonic()
    # One thread each, and as many runs at once as there are cores: networks this
    # small gain nothing from more threads.
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        alone = [(name, seed) for name in (*MENTORS, STUDENT) for seed in SEEDS]
        list(pool.map(lambda run: train(out, *run), alone))
        list(pool.map(lambda seed: train(out, CLASSROOM, seed), SEEDS))
    print_table(out)
    draw(out)
    print(f'Took {time.monotonic() - start:.0f} s. Everything is in {out}/.')


def work_dir(out: Path, name: str, seed: int) -> Path:
    """Where a run writes."""
    return out / f'{name}_seed{seed}'


def train(out: Path, name: str, seed: int) -> None:
    """Do one run with `mim train`, its output in a file."""
    folder = work_dir(out, name, seed)
    folder.mkdir(parents=True, exist_ok=True)
    options = [f'randomness.seed={seed}']
    if name == CLASSROOM:
        options += [
            f'model.mentors.{mentor}.ckpt='
            f'{work_dir(out, mentor, seed) / f"epoch_{MENTOR_EPOCHS}.pth"}'
            for mentor in MENTORS
        ]
    command = [
        'mim', 'train', 'classroomkd_mm', f'{name}_1xb20_digits.py',
        '--work-dir', str(folder), '--cfg-options', *options,
    ]  # fmt: skip
    log = folder / 'output.txt'
    with log.open('w') as output:
        code = subprocess.run(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},
        ).returncode
    if code:
        sys.exit(
            f'{" ".join(command)}\nfailed. The end of {log}:\n'
            + '\n'.join(log.read_text().splitlines()[-20:])
        )
    print(f'{name:24} seed {seed}: {accuracy(out, name, seed):5.2f} %', flush=True)


def accuracy(out: Path, name: str, seed: int) -> float:
    """Read the accuracy after the last epoch, in percent."""
    newest = max(work_dir(out, name, seed).glob('*/vis_data/scalars.json'))
    lines = [json.loads(line) for line in newest.read_text().splitlines()]
    return [line['accuracy/top1'] for line in lines if 'accuracy/top1' in line][-1]


def print_table(out: Path) -> None:
    """Print every network's accuracy over the seeds, and what the classroom gains."""
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
    """Draw which mentor taught how much over time."""
    from classroomkd_mm.visualization import plot_teaching, read_report

    reports = [read_report(work_dir(out, CLASSROOM, seed)) for seed in SEEDS]
    picture = out / 'classroom.png'
    plot_teaching(reports, picture, f'Who taught {STUDENT}, on 100 digits, 3 seeds')
    print(f'Which mentor taught how much over time: {picture}')


if __name__ == '__main__':
    main()
