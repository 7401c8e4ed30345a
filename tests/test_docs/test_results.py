# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The tables in docs/results are those of the runs beside them."""

import re
from statistics import fmean

import pytest
from published_runs import RESULTS, published

from classroomkd_mm.benchmark.statistics import difference

CIFAR100 = RESULTS / 'cifar100.md'
README = RESULTS.parents[1] / 'README.md'
SUITES = {
    'ResNet8': 'cifar100',
    'three of five wrong': 'cifar100_shifted3',
    '48 epochs': 'cifar100_48e',
    'VGG8': 'cifar100_vgg8',
    'MobileNetV2': 'cifar100_mobilenetv2',
    'demo': 'demo',
}

# The columns and rows of the table of the README.
README_SUITES = {
    'ResNet8, 12 epochs': 'cifar100',
    'three of the five mentors wrong': 'cifar100_shifted3',
    'ResNet8, 48 epochs': 'cifar100_48e',
    'VGG8, 12 epochs': 'cifar100_vgg8',
    'MobileNetV2, 12 epochs': 'cifar100_mobilenetv2',
}
README_METHODS = {
    'student alone': 'alone',
    'KD from the best mentor, which is sane': 'kd_n',
    'DIST from the best mentor, which is sane': 'dist_n',
    'average of the mentors': 'average_n',
    'CA-MKD': 'camkd_n',
    'classroom with filter and pace, W = 1': 'classroom',
    'classroom with trust, as in the recipes': 'classroom_trust',
    'classroom with trust, teaching with DIST': 'classroom_trust_dist',
    'classroom with trust, teaching with DKD': 'classroom_trust_dkd',
}

# Methods whose file is not named as their loss.
NAMES = {
    'DTKD': 'dtkd_best',
    'KD with z-scored logits': 'kd_z',
    'student alone': 'alone',
}
OF_SUITE = r'`((?:cifar100|lsp|demo|stick_figures)\w*)`'


def runs_of(suite):
    """The metrics of a suite by file and method, and by seed."""
    return {
        (file, method): runs
        for (file, method, temperature), runs in published()[suite].items()
        if temperature is None
    }


def cells_of(lines):
    """The rows of a table, as dicts."""
    head, _, *rows = ([cell.strip() for cell in line.split('|')] for line in lines)
    return [dict(zip(head, row, strict=True)) for row in rows]


def table_below(page, heading):
    """The rows of the first table below a heading."""
    below = page.read_text().split(f'\n## {heading}\n')[1]
    block = next(block for block in below.split('\n\n') if block.startswith('|'))
    return cells_of(block.splitlines())


def tables():
    """Yield each table of figures by seed, with the suite that is named before it."""
    for page in sorted(RESULTS.glob('*.md')):
        suite = None
        for block in page.read_text().split('\n\n'):
            if '| by seed |' in block and page.name != 'earlier.md':
                yield pytest.param(suite, block.splitlines(), id=suite)
            elif found := re.search(OF_SUITE, block):
                suite = found[1]


def row_of(cells, runs):
    """The metrics of a row of a table, by seed."""
    by_seed = cells['by seed'].split(', ')
    for found in runs.values():
        row = dict(sorted(found.items())[: len(by_seed)])
        if by_seed == [f'{metric:.2f}' for metric in row.values()]:
            return row
    raise AssertionError(f'No method has these runs: {cells}')


def compared(ours, theirs):
    """The difference of two rows as in a cell, and the verdict."""
    found = difference(ours, theirs)
    if found.seeds == 1:
        return f'{found.mean:+.2f}', found.verdict
    return f'{found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}]', found.verdict


@pytest.mark.parametrize(('suite', 'lines'), list(tables()))
def test_rows_are_runs(suite, lines):
    table, runs = cells_of(lines), runs_of(suite)
    rows = [row_of(cells, runs) for cells in table]
    for cells, row in zip(table, rows, strict=True):
        assert cells['mean'] == f'{fmean(row.values()):.2f}', cells
    for column in [name for name in table[0] if re.match('(trust )?to ', name)]:
        (one,) = [i for i, cells in enumerate(table) if not cells[column]]
        for cells, row in zip(table, rows, strict=True):
            if row is not rows[one]:
                pair = (rows[one], row) if column == 'trust to it' else (row, rows[one])
                cell, verdict = compared(*pair)
                assert cells[column] == cell, cells
                if list(cells).index('verdict') == list(cells).index(column) + 1:
                    assert cells['verdict'] == verdict, cells


def at_temperature(suite, temperature):
    """The metrics of trust at a temperature: at 4, those of its method if need be."""
    found = [
        metric
        for (_, method, tau), runs in published()[suite].items()
        for metric in runs.values()
        if (method, tau) == ('classroom_trust', temperature)
    ]
    if found or temperature != '4':
        return found
    runs = {method: found for (_, method), found in runs_of(suite).items()}
    return list((runs.get('classroom_trust') or runs['average_n']).values())


@pytest.mark.parametrize('column', SUITES)
def test_temperatures_are_those_of_the_runs(column):
    for row in table_below(CIFAR100, 'Which temperature'):
        runs = at_temperature(SUITES[column], row['τ'].replace('the pace', 'gap'))
        cell = f'{fmean(runs):.2f} ({len(runs)})' if runs else ''
        assert row[column] == cell, row


def test_losses_of_mmrazor_are_those_of_the_runs():
    first = {
        method: f'{found[0]:.2f}' for (_, method), found in runs_of('cifar100').items()
    }
    for row in table_below(CIFAR100, 'Losses as they come'):
        title = re.split(r', | \(', row['loss'])[0]
        method = NAMES.get(title, title.lower())
        assert row['accuracy'] == first[method], row
        if method != 'alone':
            gain = float(row['accuracy']) - float(first['alone'])
            assert row['to the student alone'] == f'{gain:+.2f}'
        assert row['at weight n'] == first.get(f'{method}_n', ''), row


def test_other_settings_are_those_of_the_runs():
    first = {method: found[0] for (_, method), found in runs_of('cifar100').items()}
    for row in table_below(CIFAR100, 'Other settings'):
        method = row['method'].strip('`')
        assert row['accuracy'] == f'{first[method]:.2f}', row
        gain = f'{first[method] - first["average_n"]:+.2f}'
        assert row['to the average'] == ('' if method == 'average_n' else gain)


@pytest.mark.parametrize('column', README_SUITES)
def test_the_table_of_the_readme_is_that_of_the_runs(column):
    suite = README_SUITES[column]
    runs = {
        method: list(found.values()) for (_, method), found in runs_of(suite).items()
    }
    for row in table_below(README, 'What it gains'):
        if row['method'] == 'the same at τ = 10':
            found = at_temperature(suite, '10')
        else:
            found = runs.get(README_METHODS[row['method']], [])
        cell = f'{fmean(found):.2f}' if found else ''
        if found and len(found) != 5:
            cell += f' ({len(found)})'
        assert row[column].replace('*', '') in (cell, 'as the average'), row
