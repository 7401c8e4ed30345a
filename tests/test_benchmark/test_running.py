# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Runs are done once; one that fails does not stop the others."""

import dataclasses
import errno
import io

import pytest
from rich.console import Console

from classroomkd_mm.benchmark import running
from classroomkd_mm.benchmark.live import Board, progress, time_left
from classroomkd_mm.benchmark.results import collect


class Lines(list):
    """Who is told."""

    say = list.append


@pytest.fixture
def started(monkeypatch, finish):
    """Stands in for the processes: notes them, and leaves what they leave."""
    folders = []

    def run(command, folder):
        folders.append(folder)
        if 'kd' in folder.parts:
            raise RuntimeError(
                'Traceback\nValueError: no logits\nTraceback\n'
                'subprocess.CalledProcessError: exit 1.'
            )
        finish(folder, 40.0 + len(folders))

    monkeypatch.setattr(running, 'run_logged', run)
    return folders


def test_a_failure_is_a_row_and_the_others_go_on(plan_of, started):
    plan = plan_of('alone', 'kd', 'classroom', seeds=[0])
    told = Lines()
    running.run_all(plan.jobs, 1, told)
    assert [folder.parent.name for folder in started] == ['alone', 'kd', 'classroom']
    results = {r.method.name: r for r in collect(plan)}
    assert results['kd'].failures == {0: 'ValueError: no logits'}
    assert results['classroom'].records[0]['metrics'] == {'accuracy/top1': 43.0}
    assert told[0] == 'student alone, seed 0: accuracy/top1 41'
    assert 'failed: ValueError: no logits' in told[1]

    started.clear()  # again: only what has failed
    running.run_all(plan.jobs, 1, told)
    assert [folder.parent.name for folder in started] == ['kd']


def test_a_run_that_ends_early_has_failed(plan_of, monkeypatch):
    monkeypatch.setattr(running, 'run_logged', lambda command, folder: None)
    plan = plan_of('alone', seeds=[0])
    running.run_all(plan.jobs, 1, Lines())
    (results,) = collect(plan)
    assert 'without a validation' in results.failures[0]


@pytest.mark.parametrize(
    ('output', 'line'),
    [
        ('a\nKeyError: 1\nsubprocess.CalledProcessError: x', 'KeyError: 1'),
        ('x\ntorch.OutOfMemoryError: big\n\n', 'torch.OutOfMemoryError: big'),
        ('x\nKilled\n', 'Killed'),
    ],
)
def test_the_line_that_says_why(output, line):
    assert running.reason(output) == line


def test_the_live_table_and_the_time_left(plan_of, finish):
    plan = plan_of('alone', 'kd', 'classroom', seeds=[0])
    alone, kd, classroom = plan.jobs
    assert time_left(plan.jobs, 1) is None
    finish(alone.folder, 41.5, seconds=100.0)
    finish(classroom.folder, 0, finished=False, iteration=15, seconds=100.0)
    kd.folder.mkdir(parents=True)
    (kd.folder / 'failure.txt').write_text('ValueError')
    assert progress(classroom) == 0.5
    assert time_left(plan.jobs, 1).total_seconds() == 100
    assert time_left(plan.jobs, 2).total_seconds() == 50
    page = io.StringIO()
    Console(file=page, width=100).print(Board(plan, 1).table())
    text = page.getvalue()
    assert all(each in text for each in ('41.50', 'failed', '50%', '0:01:40 left'))


def test_brackets_in_titles_are_shown(plan_of):
    plan = plan_of('alone', seeds=[0])
    plan.suite = dataclasses.replace(plan.suite, title='a [red]suite')
    plan.methods = [dataclasses.replace(plan.methods[0], title='a [bold]student')]
    page = io.StringIO()
    Console(file=page, width=100).print(Board(plan, 1).table())
    assert 'a [red]suite' in page.getvalue() and 'a [bold]student' in page.getvalue()


def test_without_a_terminal_only_lines_are_printed(plan_of):
    page = io.StringIO()
    board = Board(plan_of('alone'), 1, Console(file=page))
    with board.shown():
        board.say('[bold] a line')
    assert page.getvalue() == '[bold] a line\n'


def test_a_second_benchmark_in_the_same_folder_is_refused(plan_of, monkeypatch):
    from classroomkd_mm.benchmark import command

    ran = []
    monkeypatch.setattr(running, 'prepare', lambda *_: None)
    monkeypatch.setattr(running, 'run_all', lambda jobs, *_: ran.append(jobs))
    plan = plan_of('alone')
    with running.locked(plan.out):
        with pytest.raises(
            RuntimeError, match='Another benchmark is training in .*out'
        ):
            command.train(plan, 1)
    assert ran == []
    command.train(plan, 1)
    assert ran == [plan.jobs]


def test_processes_in_memory_share_a_folder_but_not_with_the_command(tmp_path):
    with running.locked(tmp_path, is_shared=True):
        with running.locked(tmp_path, is_shared=True):
            pass
        with pytest.raises(RuntimeError, match='choose another --out'):
            with running.locked(tmp_path):
                pass


def test_a_file_system_without_locks_is_no_obstacle(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOSYS, 'Function not implemented')

    monkeypatch.setattr(running.fcntl, 'flock', flock)
    with running.locked(tmp_path / 'out'):
        assert (tmp_path / 'out').is_dir()
