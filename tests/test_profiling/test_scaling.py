# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Tables of storage and traffic are computed from a profile, and put into a page."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from classroomkd_mm.profiling.scaling import amount, duration, gpu_table, storage_table

SCRIPT = Path(__file__).parents[2] / 'tools/benchmark/scaling.py'
PROFILE = dict(
    name='cifar100_resnet20',
    machine=dict(device='a GPU', cores=4, threads=2, load=2.5, date='2026-01-01'),
    batch_size=64,
    student_mebibytes=1.0,
    seconds=dict(student_loading=0.1, no_cache=1.0, cold_cache=1.1, warm_cache=0.1),
)


def test_storage_is_that_of_the_entries():
    row = '| CIFAR-100 | 50,000 | 100 logits | 204 B | 10.2 MB | 204 MB | 0.068 s |'
    assert row in storage_table()


def test_traffic_of_a_step():
    eight, *_, last = gpu_table(PROFILE).splitlines()[2:]
    assert '| 8 | 512 | 1.835 MB (0.073 ms) | 64 B | 78.34 kB | 6.267 MB/s |' in eight
    assert last.startswith('| 512 | 32,768 |')
    assert last.endswith('| 0.2 s | 2 s |')  # two steps


@pytest.mark.parametrize(
    ('size', 'text'),
    [
        (0, '0 B'),
        (8, '8 B'),
        (1000, '1 kB'),
        (12_345_678, '12.35 MB'),
        (3e15, '3000 TB'),
    ],
)
def test_amounts(size, text):
    assert amount(size) == text


def test_durations():
    assert [duration(s) for s in (0.5, 150, 9000)] == ['0.5 s', '2.5 min', '2.5 h']


def test_tables_take_the_place_of_those_in_a_page(tmp_path, monkeypatch):
    profile, page = tmp_path / 'profile.json', tmp_path / 'page.md'
    profile.write_text(json.dumps([PROFILE, dict(name='start')]))
    text = (
        'Before\n<!-- tables: begin -->\nearlier figures\n<!-- tables: end -->\nAfter\n'
    )
    page.write_text(text)
    arguments = [str(SCRIPT), str(profile), '--page', str(page)]
    monkeypatch.setattr(sys, 'argv', arguments)
    for _ in range(2):
        runpy.run_path(str(SCRIPT), run_name='__main__')
    written = page.read_text()
    assert written.startswith('Before\n') and written.endswith('After\n')
    assert 'earlier figures' not in written
    assert written.count('### cifar100_resnet20') == 1
    assert ': 2026-01-01, a GPU, cores of the CPU: 4, threads of PyTorch: 2.' in written
    assert 'The machine was loaded (load 2.5)' in written
    page.write_text('no place')
    with pytest.raises(ValueError, match='has no place for tables'):
        runpy.run_path(str(SCRIPT), run_name='__main__')
