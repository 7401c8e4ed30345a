# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The tables in docs/results are those of the runs beside them."""

import csv
import re
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest

RESULTS = Path(__file__).parents[2] / 'docs/results'
CIFAR100 = RESULTS / 'cifar100.md'
# They do not depend on which other mentors there are.
OF_ANY_CLASSROOM = {'alone', 'kd_n', 'kd_z_n', 'dist_n'}
SUITES = {
    'ResNet8': 'cifar100',
    'three of five wrong': 'cifar100_shifted3',
    '48 epochs': 'cifar100_48e',
    'VGG8': 'cifar100_vgg8',
    'MobileNetV2': 'cifar100_mobilenetv2',
    'demo': 'demo',
}

# Methods whose file is not named as their loss.
NAMES = {
    'DTKD': 'dtkd_best',
    'KD with z-scored logits': 'kd_z',
    'student alone': 'alone',
}
OF_SUITE = r'`((?:cifar100|lsp|demo|stick_figures)\w*)`'


def runs_of(suite):
    """The metrics of a suite by file and method, in the order of the seeds."""
    runs = defaultdict(dict)
    base = suite.split('_')[0]
    for path in sorted(RESULTS.glob(f'*_{base}*.csv')):
        for row in csv.DictReader(path.open()):
            lent = path.stem.endswith(f'_{base}') and row['method'] in OF_ANY_CLASSROOM
            if lent or path.stem.endswith(f'_{suite}'):
                metric = f'{float(row[list(row)[3]]):.2f}'
                runs[path, row['method']][int(row['seed'])] = metric
    return {key: [found[seed] for seed in sorted(found)] for key, found in runs.items()}


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


@pytest.mark.parametrize(('suite', 'lines'), list(tables()))
def test_rows_are_runs(suite, lines):
    runs = runs_of(suite).values()
    for cells in cells_of(lines):
        by_seed = cells['by seed'].split(', ')
        assert any(by_seed == found[: len(by_seed)] for found in runs), cells
        mean = fmean(map(float, by_seed))
        assert float(cells['mean']) == pytest.approx(mean, abs=0.0101), cells


def at_temperature(suite, temperature):
    """The metrics of trust at a temperature: at 4, those of its method if need be."""
    with (RESULTS / '2026-11-30_temperature.csv').open() as file:
        found = [
            float(row['accuracy/top1'])
            for row in csv.DictReader(file)
            if (row['suite'], row['method']) == (suite, 'classroom_trust')
            and row['temperature'] == temperature
        ]
    if found or temperature != '4':
        return found
    runs = {method: found for (_, method), found in runs_of(suite).items()}
    return [float(m) for m in runs.get('classroom_trust') or runs['average_n']]


@pytest.mark.parametrize('column', SUITES)
def test_temperatures_are_those_of_the_runs(column):
    for row in table_below(CIFAR100, 'Which temperature'):
        runs = at_temperature(SUITES[column], row['τ'].replace('the pace', 'gap'))
        cell = f'{fmean(runs):.2f} ({len(runs)})' if runs else ''
        assert row[column] == cell, row


def test_losses_of_mmrazor_are_those_of_the_runs():
    first = {method: found[0] for (_, method), found in runs_of('cifar100').items()}
    for row in table_below(CIFAR100, 'Losses as they come'):
        title = re.split(r', | \(', row['loss'])[0]
        method = NAMES.get(title, title.lower())
        assert row['accuracy'] == first[method], row
        if method != 'alone':
            gain = float(row['accuracy']) - float(first['alone'])
            assert row['to the student alone'] == f'{gain:+.2f}'
        assert row['at weight n'] == first.get(f'{method}_n', ''), row
