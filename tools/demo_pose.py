# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Pose estimation on drawn people: nothing to download.

Two mentors, then a narrow student alone and the same student in their classroom, each
through `mim train`.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mim_runs import last_metrics, mim_train

SUFFIX = '1xb16-6e_stick-figures-64x48'
EPOCHS = 6
MENTORS = ('res18-w48', 'res18-w32')
STUDENT = 'res18-w8'
RECIPES = {
    **{name: f'td-hm_{name}_{SUFFIX}.py' for name in (*MENTORS, STUDENT)},
    'classroom': f'classroomkd_{"+".join(MENTORS)}_{STUDENT}_{SUFFIX}.py',
}
LABELS = {
    'res18-w48': 'mentor res18-w48',
    'res18-w32': 'mentor res18-w32',
    STUDENT: f'student {STUDENT} alone',
    'classroom': f'student {STUDENT} in the classroom',
}
METRICS = ('coco/AP', 'PCK')
PICTURES = 6


def main(out: Path) -> None:
    """Train everything, draw what the students see and print a table."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: train(out, name), (*MENTORS, STUDENT)))
    train(out, 'classroom')
    # What MMPose says while it draws is not to be between the table and its reader.
    draw(out)
    print_table(out)


def train(out: Path, name: str) -> None:
    """Do one run."""
    # The mentors have learned with other seeds than the student.
    options = [f'randomness.seed={MENTORS.index(name) + 1 if name in MENTORS else 0}']
    # Drawn once, beside the runs.
    options += [
        f'{loader}_dataloader.dataset.data_root={out / "data"}'
        for loader in ('train', 'val', 'test')
    ]
    if name == 'classroom':
        options += [
            f'model.mentors.{mentor}.ckpt={checkpoint(out, mentor)}'
            for mentor in MENTORS
        ]
    mim_train(RECIPES[name], out / name, options)
    print(row(out, name), flush=True)


def checkpoint(out: Path, name: str) -> Path:
    """Where a run leaves its weights."""
    return out / name / f'epoch_{EPOCHS}.pth'


def row(out: Path, name: str) -> str:
    """Write a network's metrics, in percent."""
    cells = ''.join(f'{100 * x:8.1f}' for x in last_metrics(out / name, *METRICS))
    return f'{LABELS[name]:34}{cells}'


def print_table(out: Path) -> None:
    """Print every network's AP and PCK, and what the classroom changes."""
    print('\n400 drawn people, in percent')
    print(f'{"":34}{"AP":>8}{"PCK":>8}')
    for name in RECIPES:
        print(row(out, name))
    alone, taught = (last_metrics(out / n, *METRICS) for n in (STUDENT, 'classroom'))
    ap, pck = (100 * (b - a) for a, b in zip(alone, taught, strict=True))
    print(f'\nThe classroom changes AP by {ap:+.1f} and PCK by {pck:+.1f} points.')


def draw(out: Path) -> None:
    """Draw the first people of the validation set, as each student sees them."""
    # isort: off, since it is this package that lets MMPose import
    from classroomkd_mm.visualization import find_keypoints, plot_poses  # noqa: I001
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmpose.registry import DATASETS

    config = out / STUDENT / RECIPES[STUDENT]
    init_default_scope('mmpose')
    dataset = DATASETS.build(Config.fromfile(config).val_dataloader.dataset)
    people = [dataset.get_data_info(index) for index in range(PICTURES)]
    # What a classroom saves is a student like any other.
    alone, taught = (
        find_keypoints(config, checkpoint(out, name), people)
        for name in (STUDENT, 'classroom')
    )
    columns = {
        'truth': [(p['keypoints'][0], p['keypoints_visible'][0]) for p in people],
        'student alone': alone,
        'in the classroom': taught,
    }
    picture = out / 'poses.png'
    plot_poses(people, columns, dataset.metainfo, picture)
    print(f'What the students see: {picture}')
