# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import json

import pytest

from classroomkd_mm.visualization import plot_teaching, read_report


def epoch(number, temperature):
    values = dict(taught=0.5, weight=0.4, temperature=temperature, loss=0.1)
    return dict(epoch=number, mentors=dict(strong=values, weak=values))


def test_a_report_is_read_from_a_work_dir_and_drawn(tmp_path):
    lines = [json.dumps(epoch(1, 3.0)), json.dumps(epoch(2, None))]
    (tmp_path / 'classroom.jsonl').write_text('\n'.join(lines) + '\n')
    report = read_report(tmp_path)
    assert [entry['epoch'] for entry in report] == [1, 2]
    plot_teaching([report, report], tmp_path / 'pictures' / 'out.png', 'title')
    assert (tmp_path / 'pictures' / 'out.png').read_bytes()[:4] == b'\x89PNG'


def drawn_by(monkeypatch, reports, out):
    """The axes of the first panel, as they are drawn."""
    from matplotlib import pyplot as plt

    monkeypatch.setattr(plt, 'close', lambda figure: None)
    plot_teaching(reports, out)
    axis = plt.gcf().axes[0]
    monkeypatch.undo()
    plt.close()
    return axis


def at(iteration, epoch=1, **taught):
    rest = dict(weight=0.4, temperature=1.0, loss=0.1)
    mentors = {name: dict(rest, taught=t) for name, t in taught.items()}
    return dict(epoch=epoch, iter=iteration, mentors=mentors)


def test_mentors_that_come_and_go_have_gaps(tmp_path, monkeypatch):
    report = [at(4, a=0.1, b=0.2), at(8, a=0.3, b=0.4, c=0.5), at(12, b=0.6, c=0.7)]
    axis = drawn_by(monkeypatch, [report], tmp_path / 'out.png')
    assert axis.get_xlabel() == 'iteration'
    lines = {line.get_label(): line for line in axis.lines}
    assert list(lines) == ['a', 'b', 'c']
    assert all(list(line.get_xdata()) == [4, 8, 12] for line in lines.values())
    drawn = {name: line.get_ydata().tolist() for name, line in lines.items()}
    assert drawn == dict(a=[0.1, 0.3, None], b=[0.2, 0.4, 0.6], c=[None, 0.5, 0.7])


def test_runs_that_are_not_equally_long_are_averaged_where_they_are(
    tmp_path, monkeypatch
):
    long = [at(4, 1, a=0.2), at(8, 2, a=0.4), at(12, 3, a=0.6)]
    short = [at(4, 1, a=0.4), at(8, 2, a=0.8)]
    axis = drawn_by(monkeypatch, [short, long], tmp_path / 'out.png')
    assert axis.get_xlabel() == 'epoch'
    (line,) = axis.lines
    assert list(line.get_xdata()) == [1, 2, 3]
    assert line.get_ydata().tolist() == pytest.approx([0.3, 0.6, 0.6])


def test_a_line_that_is_cut_off_is_not_read(tmp_path):
    text = json.dumps(at(4, a=0.1)) + '\n' + json.dumps(at(8, a=0.2))[:20]
    (tmp_path / 'classroom.jsonl').write_text(text)
    assert [entry['iter'] for entry in read_report(tmp_path)] == [4]


def test_no_report(tmp_path):
    with pytest.raises(FileNotFoundError, match='ClassroomHook writes it'):
        read_report(tmp_path)


def test_an_empty_report(tmp_path):
    (tmp_path / 'classroom.jsonl').touch()
    with pytest.raises(ValueError, match='no epoch has ended'):
        read_report(tmp_path)
