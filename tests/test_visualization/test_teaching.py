# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import json

import pytest

from classroomkd_mm.visualization import plot_teaching, read_report


def epoch(number, temperature):
    values = dict(taught=0.5, temperature=temperature, loss=0.1)
    return dict(epoch=number, mentors=dict(strong=values, weak=values))


def test_a_report_is_read_from_a_work_dir_and_drawn(tmp_path):
    lines = [json.dumps(epoch(1, 3.0)), json.dumps(epoch(2, None))]
    (tmp_path / 'classroom.jsonl').write_text('\n'.join(lines) + '\n')
    report = read_report(tmp_path)
    assert [entry['epoch'] for entry in report] == [1, 2]
    plot_teaching([report, report], tmp_path / 'pictures' / 'out.png', 'title')
    assert (tmp_path / 'pictures' / 'out.png').read_bytes()[:4] == b'\x89PNG'


def test_no_report(tmp_path):
    with pytest.raises(FileNotFoundError, match='ClassroomHook writes it'):
        read_report(tmp_path)


def test_an_empty_report(tmp_path):
    (tmp_path / 'classroom.jsonl').touch()
    with pytest.raises(ValueError, match='no epoch has ended'):
        read_report(tmp_path)
