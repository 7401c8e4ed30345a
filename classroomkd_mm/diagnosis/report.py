# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A diagnosis as text."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from .findings import Findings

WIDTH = 88
COLUMNS = ('', 'score', 'parameters', 'ms/image', 'cost', 'input', 'outputs')


def write_report(report: Mapping[str, Any], findings: Findings) -> str:
    """Write what was found as text.

    Args:
        report (Mapping): Results of :func:`describe_installation` and
            :func:`examine`.
        findings (Findings): What is wrong, and notes.

    Returns:
        str: Lines of text.
    """
    return '\n'.join(
        [
            *_installation(report),
            *_members(report),
            *_agreement(report.get('agreement') or {}),
            *_findings(findings),
        ]
    )


def _installation(report: Mapping[str, Any]) -> Iterator[str]:
    """Write versions, devices and remedies."""
    versions = (f'{k} {v or "(not installed)"}' for k, v in report['versions'].items())
    yield _wrapped('Versions: ', ', '.join(versions))
    yield _wrapped('Devices: ', ', '.join(report['devices']))
    yield 'Remedies of classroomkd_mm.compat:'
    for remedy in report['remedies']:
        state = 'active' if remedy['active'] else 'not needed'
        yield _wrapped('  ', f'{remedy["name"]} ({state}): {remedy["why"]}')


def _members(report: Mapping[str, Any]) -> Iterator[str]:
    """Write a table of student and mentors, and where their weights are from."""
    mentors = report.get('mentors') or {}
    if 'data' not in report:
        return
    data = report['data']
    yield ''
    yield f'On {data["samples"]} samples of {data["source"]}:'
    members = [('student', report.get('student')), *mentors.items()]
    rows = [COLUMNS, *(_row(name, facts) for name, facts in members if facts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row, widths, strict=True)][
            1:
        ]
        yield '  ' + '  '.join(cells)
    for name, facts in mentors.items():
        yield _wrapped('  ', _origin(name, facts))


def _row(name: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Write a line of the table."""
    if 'input' not in facts:
        return (name, *['?'] * (len(COLUMNS) - 1))
    score = facts.get('accuracy')
    shown = f'{100 * score:.1f} %' if score is not None else _number(facts, 'score')
    size = facts['input']
    unit = next((unit for unit in ('classes', 'keypoints') if unit in facts), 'outputs')
    return (
        name,
        shown,
        f'{facts["parameters"]:,}',
        f'{facts["ms_per_image"]:.2f}',
        f'{facts["relative_cost"]:.1f}x' if 'relative_cost' in facts else '1x',
        f'{size["channels"]} x {size["height"]} x {size["width"]}',
        f'{facts[unit]} {unit}',
    )


def _number(facts: Mapping[str, Any], name: str) -> str:
    """Write a number that may not be known."""
    return f'{facts[name]:.3f}' if facts.get(name) is not None else '?'


def _origin(name: str, facts: Mapping[str, Any]) -> str:
    """Write the weights and the normalization of a mentor."""
    text = f'{name}: {facts.get("source")}'
    if 'input' not in facts:
        return text
    mean, std, swaps = (facts['input'][k] for k in ('mean', 'std', 'swaps_channels'))
    mean, std = (v and [round(x, 1) for x in v] for v in (mean, std))
    order = 'channels swapped after loading' if swaps else 'channels as loaded'
    return f'{text}; SHA-256 {facts["sha256"][:12]}…; mean {mean}, std {std}, {order}'


def _agreement(agreement: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Write how much the mentors agree."""
    if len(agreement) < 2:
        return
    yield ''
    yield 'Agreement of the mentors:'
    for one, others in agreement.items():
        shares = (
            f'{other} {"?" if share is None else f"{share:.2f}"}'
            for other, share in others.items()
        )
        yield _wrapped('  ', f'{one}: {", ".join(shares)}')


def _findings(findings: Findings) -> Iterator[str]:
    """Write the findings, and whether all is well."""
    yield ''
    for finding in findings:
        yield _wrapped('', f'{finding.level.upper()}, {finding.about}: {finding.text}')
    yield 'All is well.' if findings.all_is_well else 'Not all is well.'


def _wrapped(start: str, text: str) -> str:
    """Break a long line."""
    indent = ' ' * (len(start) - len(start.lstrip()) + 2)
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
