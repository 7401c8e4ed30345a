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


def write_run(demo, out, name, seed, accuracy):
    folder = demo.work_dir(out, name, seed)
    for time, value in (('20260101_000000', 1.0), ('20260102_000000', accuracy)):
        log = folder / time / 'vis_data' / 'scalars.json'
        log.parent.mkdir(parents=True)
        log.write_text(
            json.dumps({'accuracy/top1': 50.0, 'step': 20})
            + '\n'
            + json.dumps({'accuracy/top1': value, 'step': 40})
            + '\n'
        )
    values = dict(taught=0.5, temperature=2.0, loss=0.1)
    entry = dict(epoch=1, mentors={mentor: values for mentor in demo.MENTORS})
    (folder / 'classroom.jsonl').write_text(json.dumps(entry) + '\n')


def test_the_table_tells_a_loss_as_plainly_as_a_gain(demo, tmp_path, capsys):
    for name in (*demo.MENTORS, demo.STUDENT, demo.CLASSROOM):
        for seed in demo.SEEDS:
            accuracy = 90.0 + seed - (name == demo.CLASSROOM)
            write_run(demo, tmp_path, name, seed, accuracy)
    demo.print_table(tmp_path)
    demo.draw(tmp_path)
    printed = capsys.readouterr().out
    assert 'by -1.00 points (by seed: -1.00, -1.00, -1.00)' in printed
    alone, taught = (line for line in printed.splitlines() if 'student r' in line)
    assert alone.split()[-4:] == ['91.00', '90.00', '-', '92.00']
    assert taught.split()[-4:] == ['90.00', '89.00', '-', '91.00']
    assert (tmp_path / 'classroom.png').read_bytes()[:4] == b'\x89PNG'


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
