# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Methods are small files, found by every suite of their task."""

import re

import pytest

from classroomkd_mm.benchmark.method import Method, find_methods


def test_the_student_alone_comes_first_and_baselines_before_ours():
    for task in ('classification', 'pose'):
        methods = find_methods(task)
        kinds = [method.kind for method in methods]
        assert kinds[0] == 'alone'
        assert kinds.count('alone') == 1
        assert kinds == sorted(kinds)
        assert len({method.title for method in methods}) == len(methods)


def test_named_methods_keep_their_order():
    names = ['kd', 'alone', 'classroom']
    assert [m.name for m in find_methods('classification', names)] == names


def test_a_file_elsewhere_is_a_method(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text("title = 'mine'\nkind = 'ours'\n")
    (method,) = find_methods('pose', [str(path)])
    assert (method.name, method.mentors) == ('mine', 'all')


def test_an_unknown_method_has_a_close_match():
    with pytest.raises(ValueError, match=r"'clasroom'.*Did you mean 'classroom'\?"):
        find_methods('classification', ['clasroom'])


def test_a_method_is_named_once():
    with pytest.raises(ValueError, match="'kd' is given twice"):
        find_methods('classification', ['kd', 'alone', 'kd'])


def test_two_files_of_one_name_would_share_their_runs(tmp_path):
    path = tmp_path / 'kd.py'
    path.write_text("title = 'my KD'\nkind = 'ours'\n")
    with pytest.raises(ValueError, match="'kd' is given twice.*rename one"):
        find_methods('classification', ['kd', str(path)])


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (dict(kind='ours'), 'needs a `title`'),
        (dict(title='mine', kind='best'), "kind='best'"),
        (dict(title='mine', kind='ours', mentors='worst'), "mentors='worst'"),
    ],
)
def test_what_a_method_cannot_say(content, message):
    with pytest.raises(ValueError, match=message):
        Method.of('mine', content, 'mine.py')


@pytest.mark.parametrize(
    ('entry', 'close'),
    [('mentor', 'mentors'), ('distilller', 'distiller'), ('load_from', '')],
)
def test_an_unknown_entry_has_a_close_match(entry, close):
    hint = f"Did you mean '{close}'?" if close else 'It has: custom_hooks'
    message = re.escape(f'The method mine.py has no option {entry!r}. {hint}')
    content = dict(title='mine', kind='ours')
    with pytest.raises(TypeError, match=message):
        Method.of('mine', {**content, entry: {}}, 'mine.py')
    stages = Method.of('mine', dict(content, stages=dict(first={entry: {}})), 'mine.py')
    with pytest.raises(TypeError, match=rf'mine\.stages\.first has no .*{entry}'):
        stages.stage('first')
