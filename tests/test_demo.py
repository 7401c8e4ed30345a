# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The demo reports what its runs wrote. The runs themselves are test_mim.py's."""

import importlib.util
import json
from pathlib import Path

import pytest


@pytest.fixture
def demo():
    path = Path(__file__).parents[1] / 'tools' / 'demo.py'
    spec = importlib.util.spec_from_file_location('demo', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
