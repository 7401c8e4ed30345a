# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/demo``: reports what the runs wrote. test_mim.py tests the runs."""

import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / 'tools/demo')
    return importlib.import_module('digits')


@pytest.fixture
def pose_demo(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / 'tools/demo')
    return importlib.import_module('pose')


def row(title, kind, values, to_alone=None, to_baseline=None):
    from classroomkd_mm.benchmark.comparison import Row
    from classroomkd_mm.benchmark.method import Method
    from classroomkd_mm.benchmark.results import Results

    results = Results(Method(title, title, kind), records={})
    return Row(results, values, to_alone, to_baseline, None)


def printed_verdicts(demo, capsys, classroom):
    """Print the table of a classroom, given its values by seed."""
    from classroomkd_mm.benchmark.statistics import difference
    from classroomkd_mm.benchmark.suite import Suite

    alone = {0: 80.0, 1: 81.0, 2: 82.0}
    average = {0: 84.0, 1: 85.0, 2: 86.0}
    rows = [
        row('average', 'baseline', average, difference(average, alone)),
        row(
            'our classroom', 'ours', classroom,
            difference(classroom, alone), difference(classroom, average),
        ),
        row('alone', 'alone', alone),
    ]  # fmt: skip
    demo.print_table(Suite.read(demo.SUITE), rows)
    return capsys.readouterr().out


def test_the_demo_says_ahead_of_alone_and_behind_the_average(demo, capsys):
    printed = printed_verdicts(demo, capsys, {0: 82.0, 1: 83.5, 2: 84.0})
    assert 'ahead of alone: +2.17 [+2.00, +2.50]' in printed
    assert 'behind average: -1.83 [-2.00, -1.50]' in printed


def test_what_is_within_the_noise_is_not_called_a_gain(demo, capsys):
    printed = printed_verdicts(demo, capsys, {0: 85.0, 1: 80.0, 2: 83.0})
    assert 'neither ahead of nor behind alone: +1.67' in printed
    assert ' ahead of' not in printed.replace('neither ahead of', '')


def test_students_and_mentors_of_the_demo_share_no_image(demo):
    from classroomkd_mm.benchmark.configs import pretraining_config
    from classroomkd_mm.benchmark.suite import Suite

    suite = Suite.read(demo.SUITE)
    own = suite.config.train_dataloader.dataset
    assert demo.CLASSROOM in suite.methods
    for mentor in suite.mentors.values():
        theirs = pretraining_config(mentor['pretrain']).train_dataloader.dataset
        assert (own.split, theirs.split) == ('train', 'train')
        assert theirs.skip_per_class == own.images_per_class


def test_the_pose_demo_reports_both_students(pose_demo, tmp_path, capsys):
    values = dict(zip(pose_demo.RECIPES, (0.40, 0.35, 0.23, 0.215), strict=True))
    for name, value in values.items():
        log = tmp_path / name / 'now' / 'vis_data' / 'scalars.json'
        log.parent.mkdir(parents=True)
        metrics = {'coco/AP': value, 'PCK': 2 * value, 'step': pose_demo.EPOCHS}
        log.write_text(
            json.dumps({'loss': 1.0, 'step': 1}) + '\n' + json.dumps(metrics)
        )
    pose_demo.print_table(tmp_path)
    printed = capsys.readouterr().out
    assert 'changes AP by -1.5 and PCK by -3.0 points' in printed
    (line,) = (line for line in printed.splitlines() if 'alone' in line)
    assert line.split()[-2:] == ['23.0', '46.0']


def test_the_pose_demos_recipes_exist_and_end_where_it_looks(pose_demo):
    from mmengine.config import Config

    for recipe in pose_demo.RECIPES.values():
        (path,) = (ROOT / 'configs').rglob(recipe)
        assert Config.fromfile(path).train_cfg.max_epochs == pose_demo.EPOCHS
