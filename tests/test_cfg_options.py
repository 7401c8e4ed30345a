# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What `--cfg-options` makes of its arguments."""

import string
from argparse import ArgumentParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import DictAction

from classroomkd_mm._cfg_options import CfgOptions, parse_value


def parse(*arguments):
    parser = ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions)
    return parser.parse_args(arguments).cfg_options


SCALARS = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False).map(str),
    st.sampled_from(['True', 'false', 'None', 'none', 'inf', 'a(b)', 'f(x)']),
    st.text(string.ascii_letters + string.digits + '_./-:=', min_size=1),
)
VALUES = st.recursive(
    SCALARS,
    lambda values: st.builds(
        lambda form, separator, elements: form.format(separator.join(elements)),
        st.sampled_from(['[{}]', '({})', '( {} )']),
        st.sampled_from([',', ', ']),
        st.lists(values, max_size=3),
    ),
    max_leaves=6,
)


@given(st.one_of(VALUES, st.lists(SCALARS, min_size=1, max_size=3).map(','.join)))
def test_numbers_constants_lists_and_tuples_are_as_in_mmengine(text):
    expected = DictAction._parse_iterable(text)
    if isinstance(expected, str):
        assert parse_value(text).replace(' ', '') == expected
    else:
        assert repr(parse_value(text)) == repr(expected)


@pytest.mark.parametrize(
    'name', ['my mentor.pth', 'mentor,v2.pth', "o'hara.pth", '"a",b', '[1], (2).pth']
)
def test_an_existing_path_is_kept_whole(tmp_path, name):
    (tmp_path / name).mkdir()
    assert parse(
        '--cfg-options', f'a.ckpt={tmp_path / name}', 'lr=0.1', f'b={tmp_path}'
    ) == {'a.ckpt': str(tmp_path / name), 'lr': 0.1, 'b': str(tmp_path)}


def test_a_path_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    (tmp_path / 'a, b.pth').touch()
    assert parse_value('~/a, b.pth') == '~/a, b.pth'


def test_a_number_is_none_the_less_the_name_of_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('3', 'None', '1e-3', 'True'):
        (tmp_path / name).touch()
        assert parse_value(name) == DictAction._parse_iterable(name)


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('/new/my run', '/new/my run'),
        ("'/new/run,1'", '/new/run,1'),
        ('"/new/my run, 1"', '/new/my run, 1'),
        ("'3'", '3'),
        ("'None'", 'None'),
        ("'it's'", "it's"),
        ("it's", "it's"),
        ("it's,it", ["it's", 'it']),
        ('["a,b", \'c d\', e f]', ['a,b', 'c d', 'e f']),
        ("'a','b,c'", ['a', 'b,c']),
        ('(/my data/a,2)', ('/my data/a', 2)),
        ('"[a,b]"', ['a', 'b']),
        ("'[(1,2),x]'", [(1, 2), 'x']),
        ('f(a,b)', 'f(a,b)'),
        ('(1),(2)', [(1,), (2,)]),
        ('[1,2],[3,4]', [[1, 2], [3, 4]]),
        ('a=b', 'a=b'),
        ('', ''),
    ],
)
def test_spaces_and_quotes(text, value):
    assert parse('--cfg-options', f'x={text}') == {'x': value}


def test_options_add_up():
    assert parse('--cfg-options', 'a=1', 'b=2', '--cfg-options', 'b=3') == dict(
        a=1, b=3
    )


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['a.ckpt=/my', 'mentor.pth'], "quotes: 'a.ckpt=/my mentor.pth'"),
        (['lr'], "'lr' is not KEY=VALUE"),
        (['a=[1,(2,3]'], "'a=[1,(2,3]': its brackets do not match"),
    ],
)
def test_mistakes_are_explained(capsys, arguments, message):
    with pytest.raises(SystemExit):
        parse('--cfg-options', *arguments)
    assert message in capsys.readouterr().err
