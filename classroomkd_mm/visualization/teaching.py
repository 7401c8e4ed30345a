# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Which mentor taught how much over time, from the report of ClassroomHook."""

import json
from pathlib import Path
from typing import Any

PANELS = {
    'taught': 'share of samples taught',
    'temperature': 'mean temperature',
    'loss': 'distillation loss',
}


def read_report(path: str | Path) -> list[dict[str, Any]]:
    """Read the ``classroom.jsonl`` of a work dir.

    Args:
        path (str | Path): The file, or the work dir it is in.

    Returns:
        list[dict]: One entry per epoch.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is empty.
    """
    path = Path(path)
    path = path / 'classroom.jsonl' if path.is_dir() else path
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} does not exist: ClassroomHook writes it at the end of an epoch.'
        )
    epochs = [json.loads(line) for line in path.read_text('utf-8').splitlines()]
    if not epochs:
        raise ValueError(f'{path} is empty: no epoch has ended yet.')
    return epochs


def plot_teaching(
    reports: list[list[dict[str, Any]]], out: str | Path, title: str = ''
) -> None:
    """Draw how much each mentor taught, epoch by epoch.

    Args:
        reports (list[list[dict]]): Reports of one or more runs of the same
            classroom (seeds); lines are their means, bands go from the lowest to
            the highest.
        out (str | Path): The picture, PNG, SVG or PDF by its ending.
        title (str): Above the picture.
    """
    import matplotlib
    import numpy as np

    matplotlib.use('Agg')
    from matplotlib import pyplot as plt

    epochs = [entry['epoch'] for entry in reports[0]]
    figure, axes = plt.subplots(1, len(PANELS), figsize=(12, 3.6), sharex=True)
    for axis, (key, label) in zip(axes, PANELS.items(), strict=True):
        for name in reports[0][0]['mentors']:
            runs = np.array(
                [
                    # No temperature where nothing was taught: a gap in the line.
                    [np.nan if (v := e['mentors'][name][key]) is None else v for e in r]
                    for r in reports
                ]
            )
            (line,) = axis.plot(epochs, runs.mean(axis=0), label=name)
            if len(runs) > 1:
                low, high = runs.min(axis=0), runs.max(axis=0)
                axis.fill_between(
                    epochs, low, high, alpha=0.2, color=line.get_color(), linewidth=0
                )
        axis.set(xlabel='epoch', title=label)
        axis.grid(alpha=0.3)
    axes[0].set_ylim(0, 1.02)
    axes[-1].legend(title='mentor')
    figure.suptitle(title)
    figure.tight_layout()
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=120)
    plt.close(figure)
