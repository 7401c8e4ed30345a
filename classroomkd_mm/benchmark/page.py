# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The page that a comparison leaves: Markdown, CSV and JSON."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from .comparison import Row
from .results import Results
from .statistics import BY_CHANCE, CONFIDENCE, FEWEST_SEEDS, Difference
from .suite import Suite

MEASURED = {
    'seconds_per_iteration': ('time of an iteration, ms', 1e3, 1),
    'peak_memory_mb': ('peak memory, MB', 1, 0),
    'checkpoint_mb': ('checkpoint, MB', 1, 2),
    'trained_parameters': ('trained parameters', 1, 0),
}
"""Entries of a record: heading, factor and decimals."""


def markdown(
    suite: Suite,
    rows: Sequence[Row],
    baseline: Results | None,
    mentors: Mapping[str, Mapping[str, Any]],
    left_out: Mapping[str, str],
) -> str:
    """Write the page in Markdown.

    Args:
        suite (Suite): The suite.
        rows (Sequence[Row]): The methods, in their order on the page.
        baseline (Results | None): The best baseline.
        mentors (Mapping[str, Mapping]): Records of the mentors that were trained.
        left_out (Mapping[str, str]): Methods that the suite cannot have, with reasons.

    Returns:
        str: The page.
    """
    title = suite.metrics[suite.metric]['title']
    parts = [
        f'# {suite.title}',
        _introduction(suite, rows),
        f'## {title[:1].upper()}{title[1:]}, after the last epoch',
        _table(_result_head(), [_result_cells(row) for row in rows]),
        _how_to_read(baseline),
        '## Cost',
        _table(_cost_head(suite), [_cost_cells(suite, row) for row in rows]),
    ]
    if mentors:
        parts += ['## Mentors trained for this', _mentor_table(suite, mentors)]
    failures = [
        f'- {row.results.method.title}, seed {seed}: {_code(line)}'
        for row in rows
        for seed, line in row.results.failures.items()
    ]
    if failures:
        parts += ['## Failed', '\n'.join(failures)]
    if left_out:
        parts += [
            '## Left out',
            '\n'.join(f'- {name}: {reason}' for name, reason in left_out.items()),
        ]
    if suite.literature:
        parts += ['## In the literature', suite.literature.strip()]
    return '\n\n'.join(parts) + '\n'


def table_of_runs(suite: Suite, rows: Sequence[Row]) -> str:
    """Write all runs as CSV.

    Args:
        suite (Suite): The suite.
        rows (Sequence[Row]): The methods.

    Returns:
        str: A line for each run; the metrics are multiplied by their factors.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['method', 'kind', 'seed', *suite.metrics, *MEASURED])
    for row in rows:
        by_metric = [row.results.values(suite, metric) for metric in suite.metrics]
        for seed, record in sorted(row.results.records.items()):
            writer.writerow(
                [
                    row.results.method.name,
                    row.results.method.kind,
                    seed,
                    *(values[seed] for values in by_metric),
                    *(record.get(entry) for entry in MEASURED),
                ]
            )
    return text.getvalue()


def as_json(suite: Suite, rows: Sequence[Row], baseline: Results | None) -> str:
    """Write all that was measured and compared as JSON.

    Args:
        suite (Suite): The suite.
        rows (Sequence[Row]): The methods.
        baseline (Results | None): The best baseline.

    Returns:
        str: The JSON.
    """
    methods = {
        row.results.method.name: dict(
            title=row.results.method.title,
            kind=row.results.method.kind,
            source=row.results.method.source,
            mean=_finite(row.mean),
            by_seed=row.values,
            to_alone=_plain(row.to_alone),
            to_best_baseline=_plain(row.to_baseline),
            classes_improved=row.improved,
            failures=row.results.failures,
            records=row.results.records,
        )
        for row in rows
    }
    head = dict(
        suite=suite.name,
        title=suite.title,
        metric=suite.metric,
        best_baseline=baseline.method.name if baseline else None,
    )
    return json.dumps({**head, 'methods': methods}, indent=1)


def _introduction(suite: Suite, rows: Sequence[Row]) -> str:
    """Say what was run."""
    records = [record for row in rows for record in row.results.records.values()]
    devices = sorted({str(record.get('device')) for record in records})
    versions = sorted({str(record.get('torch')) for record in records})
    seeds = sorted({seed for row in rows for seed in row.values})
    views = suite.views.get('num_views', 'new ones in each epoch')
    return (
        f'Suite `{suite.name}`, {date.today()}. The mentors, strongest first: '
        f'{", ".join(suite.mentors)}. Seeds: {", ".join(map(str, seeds)) or "none"}. '
        f'Views of each image: {views}. Device: {", ".join(devices) or "none"}; '
        f'PyTorch {", ".join(versions) or "unknown"}. Student, mentors, views, '
        'schedule, initial weights and the order of the samples are the same for all '
        'methods.'
    )


def _how_to_read(baseline: Results | None) -> str:
    """Say what the intervals and verdicts mean."""
    name = baseline.method.title if baseline else 'none has finished'
    chance = ', '.join(f'{share:.0%} with {n}' for n, share in BY_CHANCE.items())
    return (
        f'Differences are paired over the seeds; in brackets their {CONFIDENCE:.0%} '
        'interval, by bootstrap. A method is ahead or behind if this interval is clear '
        f'of zero, and undecided otherwise or with fewer than {FEWEST_SEEDS} seeds. '
        'Where two methods do not differ, chance alone puts one ahead or behind: in '
        f'{chance} seeds. Each row has two comparisons. '
        f'The best baseline: {name}. Improved: classes whose mean is above that of the '
        'student alone.'
    )


def _result_head() -> list[str]:
    return [
        '', 'mean', 'by seed', 'to the student alone', 'verdict',
        'to the best baseline', 'verdict', 'classes improved',
    ]  # fmt: skip


def _result_cells(row: Row) -> list[str]:
    """Write what was measured and compared of a method."""
    method = row.results.method
    if not row.values:
        last = next(iter(row.results.failures.values()), None)
        what = f'failed: {_code(last)}' if last else 'not run yet'
        return [_bold(method), '', what, '', '', '', '', '']
    improved = f'{row.improved[0]} of {row.improved[1]}' if row.improved else ''
    return [
        _bold(method),
        f'{row.mean:.2f}',
        ', '.join(f'{value:.2f}' for value in row.values.values()),
        *_difference_cells(row.to_alone),
        *_difference_cells(row.to_baseline),
        improved,
    ]


def _bold(method: Any) -> str:
    """Set the project's own methods apart."""
    return f'**{method.title}**' if method.kind == 'ours' else method.title


def _code(line: str) -> str:
    """Set a line of output, which may have backticks, as code."""
    plain = line.replace('`', "'")
    return f'`{plain}`'


def _difference_cells(found: Difference | None) -> list[str]:
    """Write a difference and its verdict."""
    if found is None:
        return ['', '']
    interval = (
        f' [{found.low:+.2f}, {found.high:+.2f}]' if math.isfinite(found.low) else ''
    )
    return [f'{found.mean:+.2f}{interval}', found.verdict]


def _cost_head(suite: Suite) -> list[str]:
    others = [cfg['title'] for cfg in list(suite.metrics.values())[1:]]
    return ['', *others, *(heading for heading, _, _ in MEASURED.values())]


def _cost_cells(suite: Suite, row: Row) -> list[str]:
    """Write the other metrics, and what a method takes."""
    cells = [row.results.method.title]
    for metric in list(suite.metrics)[1:]:
        values = list(row.results.values(suite, metric).values())
        cells.append(f'{sum(values) / len(values):.2f}' if values else '')
    for entry, (_, factor, decimals) in MEASURED.items():
        mean = row.results.mean(entry)
        cells.append('' if mean is None else f'{factor * mean:,.{decimals}f}')
    return cells


def _mentor_table(suite: Suite, mentors: Mapping[str, Mapping[str, Any]]) -> str:
    """Write the metrics of the mentors."""
    rows = []
    for name, record in mentors.items():
        found = record.get('metrics', {})
        cells = [
            f'{cfg.get("factor", 1) * found[metric]:.2f}' if metric in found else ''
            for metric, cfg in suite.metrics.items()
        ]
        rows.append([name, *cells])
    return _table(['', *(cfg['title'] for cfg in suite.metrics.values())], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table in Markdown; a ``|`` in a cell does not end it, in code neither."""
    lines = [head, ['---'] * len(head), *rows]
    escaped = [[cell.replace('|', '\\|') for cell in cells] for cells in lines]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in escaped)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plain(found: Difference | None) -> dict[str, Any] | None:
    """Write a difference as a dict that JSON can hold."""
    if found is None:
        return None
    numbers = {key: _finite(value) for key, value in found._asdict().items()}
    return {**numbers, 'verdict': found.verdict}
