# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The figure of a comparison."""

import math
from collections.abc import Sequence
from pathlib import Path

from .comparison import Row
from .suite import Suite

COLOURS = dict(alone='0.4', baseline='tab:blue', ours='tab:orange')


def plot(suite: Suite, rows: Sequence[Row], path: Path) -> None:
    """Plot the metric of each method: a dot for each seed, a line at the mean.

    Args:
        suite (Suite): The suite.
        rows (Sequence[Row]): The methods; those without results are left out.
        path (Path): The file; its suffix selects PNG, SVG or PDF.
    """
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot as plt

    shown = [row for row in rows if row.values][::-1]
    figure, axis = plt.subplots(figsize=(8, 1 + 0.28 * max(len(shown), 1)))
    for height, row in enumerate(shown):
        colour = COLOURS[row.results.method.kind]
        values = list(row.values.values())
        axis.plot(values, [height] * len(values), 'o', color=colour, alpha=0.6)
        axis.plot(row.mean, height, '|', color=colour, markersize=14)
        found = row.to_alone
        if found is not None and math.isfinite(found.low):
            ends = [row.mean - found.mean + end for end in (found.low, found.high)]
            axis.plot(ends, [height, height], '-', color=colour, linewidth=1)
    axis.set_yticks(range(len(shown)), [row.results.method.title for row in shown])
    axis.set_xlabel(suite.metrics[suite.metric]['title'])
    axis.margins(y=0.08)
    figure.suptitle(suite.title)
    axis.grid(alpha=0.3)
    figure.tight_layout()
    # A title, and the names of methods, may be longer than the figure is wide.
    figure.savefig(path, dpi=120, bbox_inches='tight')
    plt.close(figure)
