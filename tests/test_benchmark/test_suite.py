# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Suites say what all methods have in common, and what they need."""

import pytest

from classroomkd_mm.benchmark.suite import Suite, check_files


def test_what_methods_can_refer_to(suite_file):
    suite = Suite.read(str(suite_file))
    facts = suite.facts()
    assert (facts['best'], facts['num_mentors'], facts['share']) == ('strong', 2, 0.5)
    assert facts['num_classes'] == 4
    assert suite.metric == 'accuracy/top1'
    check_files(suite)


def test_a_mentor_can_be_left_out(changed):
    path = changed('benchmark = dict(mentors=dict(strong=None))')
    assert Suite.read(str(path)).best == 'weak'


def test_an_unknown_suite_has_a_close_match():
    with pytest.raises(ValueError, match=r"'digit'.*Did you mean 'digits'\?"):
        Suite.read('digit')


@pytest.mark.parametrize(
    ('text', 'error', 'message'),
    [
        ('benchmark = dict(views=dict(_delete_=True))', ValueError, 'needs views'),
        ('benchmark = dict(sees=3)', TypeError, "'sees'. Did you mean 'seeds'"),
        ('benchmark = dict(_delete_=True, title="a")', ValueError, 'no mentors and no'),
        (
            'benchmark = dict(mentors=dict(strong=None, weak=None))',
            ValueError,
            'mentors must name at least one',
        ),
        (
            'benchmark = dict(metrics=dict(_delete_=True))',
            ValueError,
            'metrics must name at least one',
        ),
        (
            'benchmark = dict(metrics=dict(AP=dict(factor=100)))',
            ValueError,
            r"metrics\['AP'\] .*needs a title",
        ),
        (
            'benchmark = dict(metrics=dict(AP=dict(title="AP", facto=100)))',
            TypeError,
            "'facto'. Did you mean 'factor'",
        ),
        (
            'benchmark = dict(views=dict(_delete_=True, num_view=2))',
            TypeError,
            "'num_view'. Did you mean 'num_views'",
        ),
        (
            'benchmark = dict(views=dict(_delete_=True, seed=2))',
            ValueError,
            'num_views=None must be',
        ),
    ],
)
def test_what_a_suite_cannot_say(changed, text, error, message):
    with pytest.raises(error, match=message):
        Suite.read(str(changed(text)))


def test_a_training_is_not_a_suite(tmp_path):
    path = tmp_path / 'recipe.py'
    path.write_text('model = dict()')
    with pytest.raises(ValueError, match='no section `benchmark`'):
        Suite.read(str(path))


def test_what_is_missing_is_named_with_the_remedy(changed, tmp_path):
    (tmp_path / 'weak.pth').unlink()
    suite = Suite.read(str(changed("benchmark = dict(needs={'no/data': 'set DATA.'})")))
    with pytest.raises(FileNotFoundError) as error:
        check_files(suite)
    assert 'no/data does not exist: set DATA.' in str(error.value)
    assert "mentor 'weak': its checkpoint" in str(error.value)
    assert "mentor 'strong'" not in str(error.value)


def test_the_recipe_of_a_mentor_has_to_exist(changed):
    text = "benchmark = dict(mentors=dict(new=dict(pretrain='no_such.py')))"
    with pytest.raises(FileNotFoundError, match='no_such'):
        check_files(Suite.read(str(changed(text))))
