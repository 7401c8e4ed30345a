# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/analysis/benchmark_by_sample.py``: its tables and what it refuses."""

import importlib
import sys
from pathlib import Path

import pytest
import torch

TOOLS = Path(__file__).parents[2] / 'tools/analysis'


@pytest.fixture
def by_sample(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    return importlib.import_module('benchmark_by_sample')


@pytest.fixture
def run_tool(by_sample, monkeypatch):
    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', ['by_sample', *map(str, arguments)])
        by_sample.main()

    return run


def rows_of(table):
    """Cells of the rows below the head, by the first cell."""
    lines = [line.strip('|').split('|') for line in table.splitlines()[2:]]
    return {first.strip(): [float(cell) for cell in rest] for first, *rest in lines}


def test_images_are_grouped_by_the_mentors_that_are_right(by_sample):
    test, training = torch.tensor([2, 1, 0, 0]), torch.tensor([2, 3])
    alone = torch.tensor([[1, 0, 1, 0], [1, 0, 0, 0]]).bool()  # two seeds
    table = by_sample.accuracy_table(test, training, {'alone': alone})
    assert table.splitlines()[2:] == [
        '| 0 | 0.0 | 50.0 | 25.0 |',
        '| 1 | 0.0 | 25.0 | 0.0 |',
        '| 2 | 50.0 | 25.0 | 100.0 |',
        '| 3 | 50.0 | 0.0 | – |',
        '| all images | 100.0 | 100.0 | 37.5 |',
    ]


def test_right_mentors_are_counted(by_sample):
    said = {'a': torch.eye(3), 'b': torch.eye(3)[[0, 0, 0]]}
    assert by_sample.number_right(said, torch.arange(3)).tolist() == [2, 1, 1]


def test_how_right_and_how_sure_mentors_are(by_sample):
    sure = torch.tensor([[400.0, 0.0], [0.0, 400.0]])
    parts = [
        ({'m': torch.zeros(2, 2)}, torch.tensor([0, 1])),
        ({'m': sure}, torch.tensor([0, 0])),
    ]
    assert rows_of(by_sample.mentor_table(parts)) == {'m': [50, 50, 1, 50, 100, 0]}


@pytest.mark.slow
def test_the_tables_of_a_suite(short_suite, run_tool, tmp_path, capsys):
    from classroomkd_mm.benchmark import in_memory
    from classroomkd_mm.benchmark.record import read_record

    methods = ['--methods', 'classroom', 'alone']
    arguments = [short_suite, *methods, '--seeds', '0', '1', '--out', tmp_path / 'out']
    in_memory.main([str(argument) for argument in arguments])
    capsys.readouterr()
    run_tool(*arguments)
    students, mentors = capsys.readouterr().out.strip().split('\n\n')
    rows = rows_of(students)
    groups = [cells[:2] for name, cells in rows.items() if name != 'all images']
    assert [sum(shares) for shares in zip(*groups, strict=True)] == pytest.approx(
        [100, 100], abs=0.3
    )
    for name, shown in zip(['classroom', 'alone'], rows['all images'][2:], strict=True):
        records = [
            read_record(tmp_path / 'out/runs' / name / f'seed{seed}') for seed in (0, 1)
        ]
        accuracy = sum(record['metrics']['accuracy/top1'] for record in records) / 2
        assert shown == pytest.approx(accuracy, abs=0.06)
    assert set(rows_of(mentors)) == {'resnet14-w20', 'resnet8-w8', 'resnet8-w3'}


def test_what_is_refused(run_tool, tmp_path):
    out = ('--out', tmp_path)
    with pytest.raises(ValueError, match="'stick_figures' is no suite of classifiers"):
        run_tool('stick_figures', '--methods', 'kl', *out)
    with pytest.raises(ValueError, match="'kd' has not all mentors: .*'average_n'"):
        run_tool('digits', '--methods', 'kd', *out)
    with pytest.raises(FileNotFoundError, match='seed 0 is not finished'):
        run_tool('digits', '--methods', 'average_n', *out)
