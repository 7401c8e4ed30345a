# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The tables in docs/results are those of the runs beside them."""

import csv
import re
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest

RESULTS = Path(__file__).parents[2] / 'docs/results'
# They do not depend on which other mentors there are.
OF_ANY_CLASSROOM = {'alone', 'kd_n', 'kd_z_n', 'dist_n'}


def runs_of(suite):
    """The metrics of a suite in the order of the seeds, for each method and file."""
    runs = defaultdict(dict)
    base = suite.split('_')[0]
    for path in sorted(RESULTS.glob(f'*_{base}*.csv')):
        for row in csv.DictReader(path.open()):
            lent = path.stem.endswith(f'_{base}') and row['method'] in OF_ANY_CLASSROOM
            if lent or path.stem.endswith(f'_{suite}'):
                metric = f'{float(row[list(row)[3]]):.2f}'
                runs[path, row['method']][int(row['seed'])] = metric
    return [[found[seed] for seed in sorted(found)] for found in runs.values()]


def tables():
    """Yield each table of figures by seed, with the suite that is named before it."""
    for page in sorted(RESULTS.glob('*.md')):
        suite = None
        for block in page.read_text().split('\n\n'):
            if '| by seed |' in block and page.name != 'earlier.md':
                yield pytest.param(suite, block.splitlines(), id=suite)
            elif found := re.search(r'`((?:cifar100|lsp)\w*)`', block):
                suite = found[1]


@pytest.mark.parametrize(('suite', 'lines'), list(tables()))
def test_rows_are_runs(suite, lines):
    head, _, *rows = ([cell.strip() for cell in line.split('|')] for line in lines)
    runs = runs_of(suite)
    for row in rows:
        cells = dict(zip(head, row, strict=True))
        by_seed = cells['by seed'].split(', ')
        assert any(by_seed == found[: len(by_seed)] for found in runs), cells
        mean = fmean(map(float, by_seed))
        assert float(cells['mean']) == pytest.approx(mean, abs=0.0101), cells
