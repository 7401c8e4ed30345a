# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The runs beside the pages of docs/results, for the tests of these pages."""

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

RESULTS = Path(__file__).parents[1] / 'docs/results'
# They do not depend on which other mentors there are, and are part of these suites too.
OF_ANY_CLASSROOM = {'alone', 'kd_n', 'kd_z_n', 'dist_n'}
OTHER_CLASSROOMS = {
    'cifar100_shifted1': 'cifar100', 'cifar100_shifted3': 'cifar100',
    'cifar100_specialists': 'cifar100', 'cifar100_early': 'cifar100',
    'cifar100_no_strongest': 'cifar100', 'lsp_shifted': 'lsp',
}  # fmt: skip


@cache
def published():
    """The metric by seed of each row, (file, method, temperature), by suite."""
    found = defaultdict(lambda: defaultdict(dict))
    for path in sorted(RESULTS.glob('*.csv')):
        for line in csv.DictReader(path.open()):
            suite = line.get('suite') or path.stem.split('_', 1)[1]
            row = path.stem, line['method'], line.get('temperature')
            metric = list(line)[3] if 'kind' in line else 'accuracy/top1'
            found[suite][row][int(line['seed'])] = float(line[metric])
    for suite, lender in OTHER_CLASSROOMS.items():
        for row, runs in found[lender].items():
            if row[1] in OF_ANY_CLASSROOM:
                found[suite][row] = runs
    return found
