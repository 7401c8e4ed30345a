# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Pose estimation on stick figures, without a download.

Trains two mentors and a narrow student alone, then the same student in their classroom,
through `mim train`.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from classroomkd_mm._runs import last_validation, mim_train

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
    """Train all networks, plot the students' predictions and print a table."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: train(out, name), (*MENTORS, STUDENT)))
    train(out, 'classroom')
    # Before the table, so that MMPose's log messages do not hide it.
    draw(out)
    print_table(out)


def train(out: Path, name: str) -> None:
    """Do one run."""
    # The mentors do not share a seed with the student.
    options = [f'randomness.seed={MENTORS.index(name) + 1 if name in MENTORS else 0}']
    # The dataset is generated once, next to the runs.
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
    """The last checkpoint of a run."""
    return out / name / f'epoch_{EPOCHS}.pth'


def measured(out: Path, name: str) -> list[float]:
    """Read a network's metrics after its last epoch, in percent."""
    validation = last_validation(out / name, *METRICS)
    return [100 * validation[metric] for metric in METRICS]


def row(out: Path, name: str) -> str:
    """Format a network's metrics."""
    cells = ''.join(f'{percent:8.1f}' for percent in measured(out, name))
    return f'{LABELS[name]:34}{cells}'


def print_table(out: Path) -> None:
    """Print each network's AP and PCK, and what the classroom changes."""
    print('\n400 drawn people, in percent')
    print(f'{"":34}{"AP":>8}{"PCK":>8}')
    for name in RECIPES:
        print(row(out, name))
    alone, taught = (measured(out, name) for name in (STUDENT, 'classroom'))
    ap, pck = (after - before for before, after in zip(alone, taught, strict=True))
    print(f'\nThe classroom changes AP by {ap:+.1f} and PCK by {pck:+.1f} points.')


def draw(out: Path) -> None:
    """Plot the students' predictions for the first people of the validation set."""
    # Import this package first: its fixes enable the import of MMPose.
    from classroomkd_mm.visualization import find_keypoints, plot_poses  # noqa: I001
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmpose.registry import DATASETS

    config = out / STUDENT / RECIPES[STUDENT]
    init_default_scope('mmpose')
    dataset = DATASETS.build(Config.fromfile(config).val_dataloader.dataset)
    people = [dataset.get_data_info(index) for index in range(PICTURES)]
    # A classroom's checkpoint loads like one of the student.
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
    print(f"The students' predictions: {picture}")
