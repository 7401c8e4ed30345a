# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The storage in docs/caching.md is that of the entries."""

from pathlib import Path

import pytest

from classroomkd_mm.mentors.cache.entry_form import EntryForm

PAGE = (Path(__file__).parents[2] / 'docs/caching.md').read_text()
FORMS = {
    '100 logits': (((100,),), None),
    '1,000 logits': (((1000,),), None),
    '`topk=16`': (((1000,),), 16),
    'heatmaps, 17 × 64 × 48': (((17, 64, 48),), None),
    'SimCC, 17 × (384 + 512)': (((17, 384), (17, 512)), None),
}
UNITS = {'B': 1, 'MB': 1e6, 'GB': 1e9}


def number(cell):
    """Read a figure with its unit."""
    digits, unit = cell.split()
    return float(digits.replace(',', '')) * UNITS[unit]


@pytest.mark.parametrize('output', FORMS)
def test_storage(output):
    (row,) = [line for line in PAGE.splitlines() if f'| {output} |' in line]
    _, samples, _, entry, view, all_of_them = (
        cell.strip() for cell in row.strip('|').split('|')
    )
    shapes, topk = FORMS[output]
    size = EntryForm(shapes, len(shapes) == 1, 'float16', topk).record.itemsize
    assert number(entry) == size
    total = int(samples.replace(',', '')) * (size + 4)
    assert number(view) == pytest.approx(total, rel=0.006)
    assert number(all_of_them) == pytest.approx(20 * total, rel=0.006)
