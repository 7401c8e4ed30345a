# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Plots of how much each mentor taught over time, from ClassroomHook's report."""

from pathlib import Path
from typing import Any

import numpy as np

from ..report import REPORT, read_lines

PANELS = {
    'taught': 'share of samples taught',
    'weight': 'mean weight',
    'temperature': 'mean temperature',
    'loss': 'distillation loss',
}

Report = list[dict[str, Any]]


def read_report(path: str | Path) -> Report:
    """Read the ``classroom.jsonl`` of a work dir.

    Args:
        path (str | Path): The file, or the work dir that contains it.

    Returns:
        list[dict]: One entry per epoch, or per validation and checkpoint of an
        iteration-based run.

    Raises:
        FileNotFoundError: If the report does not exist.
        ValueError: If the report is empty.
    """
    path = Path(path)
    path = path / REPORT if path.is_dir() else path
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} does not exist: ClassroomHook writes it at the end of an epoch, '
            'and before each validation and checkpoint of an iteration-based run.'
        )
    report = read_lines(path)
    if not report:
        raise ValueError(
            f'{path} is empty: no epoch has ended yet, or, in an iteration-based run, '
            'no validation or checkpoint was reached.'
        )
    return report


def plot_teaching(reports: list[Report], out: str | Path, title: str = '') -> None:
    """Plot how much each mentor taught over the epochs or iterations.

    A line has a gap where its mentor was not in the classroom. In the panel of
    temperatures it also has a gap where the mentor taught nothing.

    Args:
        reports (list[list[dict]]): Reports of one or more runs (seeds) of the same
            classroom. Lines show their mean, bands their minimum and maximum.
        out (str | Path): Output file; its suffix selects PNG, SVG or PDF.
        title (str): Title of the figure.
    """
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot as plt

    key = time_key(reports)
    times = sorted({entry[key] for report in reports for entry in report})
    figure, axes = plt.subplots(1, len(PANELS), figsize=(15, 3.6), sharex=True)
    for axis, (quantity, label) in zip(axes, PANELS.items(), strict=True):
        for name in mentor_names(reports):
            runs = np.ma.stack([series(r, key, times, name, quantity) for r in reports])
            (line,) = axis.plot(times, runs.mean(axis=0), marker='.', label=name)
            if len(runs) > 1:
                low, high = runs.min(axis=0), runs.max(axis=0)
                axis.fill_between(
                    times, low, high, alpha=0.2, color=line.get_color(), linewidth=0
                )
        axis.set(xlabel='iteration' if key == 'iter' else key, title=label)
        axis.grid(alpha=0.3)
    axes[0].set_ylim(0, 1.02)
    axes[-1].legend(title='mentor')
    figure.suptitle(title)
    figure.tight_layout()
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=120)
    plt.close(figure)


def time_key(reports: list[Report]) -> str:
    """Choose the key for the x axis.

    Args:
        reports (list[list[dict]]): The reports.

    Returns:
        str: ``epoch``, or ``iter`` if a report has several lines per epoch.
    """
    epochs = ([entry['epoch'] for entry in report] for report in reports)
    several = any(len(set(numbers)) < len(numbers) for numbers in epochs)
    return 'iter' if several else 'epoch'


def mentor_names(reports: list[Report]) -> list[str]:
    """List all mentors that were in the classroom at any time.

    Args:
        reports (list[list[dict]]): The reports.

    Returns:
        list[str]: The names, in the order of their first appearance.
    """
    entries = (entry for report in reports for entry in report)
    return list(dict.fromkeys(name for entry in entries for name in entry['mentors']))


def series(
    report: Report, key: str, times: list[int], name: str, quantity: str
) -> np.ma.MaskedArray:
    """Collect the values of a mentor from a report.

    Args:
        report (list[dict]): The report.
        key (str): ``epoch`` or ``iter``.
        times (list[int]): T epochs or iterations.
        name (str): Name of the mentor.
        quantity (str): One of ``PANELS``.

    Returns:
        np.ma.MaskedArray: (T,), masked where the report has no value.
    """
    known = {entry[key]: entry['mentors'].get(name, {}) for entry in report}
    values = [known.get(time, {}).get(quantity) for time in times]
    return np.ma.masked_invalid(np.array(values, dtype=float))
