# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/analysis/benchmark_by_sample.py``: its tables and what it refuses."""

import importlib
import json
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
    table = [line for line in table.splitlines() if line.startswith('|')]
    lines = [line.strip('|').split('|') for line in table[2:]]
    return {first.strip(): [float(cell) for cell in rest] for first, *rest in lines}


def test_images_are_grouped_by_the_mentors_that_are_right(by_sample):
    test, training = torch.tensor([2, 1, 0, 0]), torch.tensor([2, 3])
    alone = torch.tensor([[1, 0, 1, 0], [1, 0, 0, 0]]).bool()  # two seeds
    counts = dict(training=training, test=test)
    table = by_sample.accuracy_table(counts, {'alone': alone})
    assert table.splitlines()[2:] == [
        '| 0 | 0.0 | 50.0 | 25.0 |',
        '| 1 | 0.0 | 25.0 | 0.0 |',
        '| 2 | 50.0 | 25.0 | 100.0 |',
        '| 3 | 50.0 | 0.0 | – |',
        '| all | 100.0 | 100.0 | 37.5 |',
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
    groups = [cells[:2] for name, cells in rows.items() if name != 'all']
    assert [sum(shares) for shares in zip(*groups, strict=True)] == pytest.approx(
        [100, 100], abs=0.3
    )
    for name, shown in zip(['classroom', 'alone'], rows['all'][2:], strict=True):
        records = [
            read_record(tmp_path / 'out/runs' / name / f'seed{seed}') for seed in (0, 1)
        ]
        accuracy = sum(record['metrics']['accuracy/top1'] for record in records) / 2
        assert shown == pytest.approx(accuracy, abs=0.06)
    assert set(rows_of(mentors)) == {'resnet14-w20', 'resnet8-w8', 'resnet8-w3'}


@pytest.mark.slow
def test_the_table_of_a_suite_of_pose_models(
    short_pose_suite, run_tool, tmp_path, capsys
):
    """PCK, a mean over keypoints, is about the share of all points that are found."""
    from classroomkd_mm.benchmark import in_memory
    from classroomkd_mm.benchmark.record import read_record

    methods = ['--methods', 'classroom', 'alone']
    arguments = [short_pose_suite, *methods, '--seeds', '0', '--out', tmp_path / 'out']
    in_memory.main([str(argument) for argument in arguments])
    capsys.readouterr()
    run_tool(*arguments)
    rows = rows_of(capsys.readouterr().out)
    assert list(rows) == ['0', '1', 'all']
    assert rows['0'][0] + rows['1'][0] == pytest.approx(100, abs=0.2)
    for name, shown in zip(['classroom', 'alone'], rows['all'][1:], strict=True):
        record = read_record(tmp_path / 'out/runs' / name / 'seed0')
        assert shown == pytest.approx(100 * record['metrics']['PCK'], abs=0.3)
    folder = tmp_path / 'out/mentors/small'
    pck = json.loads(next(folder.rglob('record.json')).read_text())['metrics']['PCK']
    assert rows['1'][0] == pytest.approx(100 * pck, abs=0.3)


def test_keypoints_are_found_as_by_the_metric_of_mmpose():
    """Two people; a box's longer side is 100 and 50, and one point is not annotated."""
    pytest.importorskip('mmpose')
    from mmengine.evaluator import Evaluator
    from mmengine.structures import InstanceData
    from mmpose.evaluation import PCKAccuracy
    from mmpose.structures import PoseDataSample

    from classroomkd_mm.benchmark.people_in_memory import Validation

    def person(side, away, visible):
        truth = torch.zeros(1, 3, 2)
        sample = PoseDataSample()
        sample.gt_instances = InstanceData(
            keypoints=truth.numpy(),
            keypoints_visible=torch.tensor([visible]).numpy(),
            bboxes=torch.tensor([[0.0, 0.0, side, 10.0]]).numpy(),
        )
        found = truth + torch.tensor(away)[None, :, None] * torch.tensor([0.6, 0.8])
        sample.pred_instances = InstanceData(keypoints=found.numpy())
        return sample

    people = [
        person(100.0, [4.9, 5.1, 0.0], [1.0, 1.0, 0.0]),
        person(50.0, [2.4, 4.9, 0.0], [1.0, 1.0, 1.0]),
    ]
    validation = Validation([people], Evaluator(PCKAccuracy(thr=0.05)), 2)
    for _ in range(2):  # nothing is left of the first time
        hits = validation.hits(lambda batch: batch)
        assert hits.tolist() == [True, False, True, False, True]
    validation.evaluator.metrics[0].norm_item = ['torso']
    with pytest.raises(ValueError, match='PCKAccuracy'):
        validation.hits(lambda batch: batch)


def test_what_is_refused(run_tool, tmp_path):
    out = ('--out', tmp_path)
    with pytest.raises(ValueError, match="'kd' has not all mentors: .*'classroom'"):
        run_tool('digits', '--methods', 'kd', *out)
    with pytest.raises(FileNotFoundError, match='seed 0 is not finished'):
        run_tool('digits', '--methods', 'average_n', *out)
