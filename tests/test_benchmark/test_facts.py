# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What methods refer to."""

import pytest

from classroomkd_mm.benchmark.facts import MissingFactError, fill

FACTS = dict(
    best='resnet32',
    share=0.2,
    mentor_names=['a', 'b'],
    features=dict(
        student=dict(index=None),
        mentor=dict(channels=9),
        mentors=dict(a=dict(channels=6), b=dict(channels=8), left_out={}),
    ),
)


def test_a_whole_string_becomes_a_fact_of_any_type_and_a_part_becomes_text():
    filled = fill(
        {'{best}': ('{share}', ['to_{best}']), 'index': '{features.student.index}'},
        FACTS,
    )
    assert filled == {'resnet32': (0.2, ['to_resnet32']), 'index': None}


def test_an_integer_may_follow_a_number():
    filled = fill(['{share} * 50', '{features.mentor.channels} // 2'], FACTS)
    assert filled == [10.0, 4] and isinstance(filled[1], int)


def test_an_entry_for_each_mentor_of_the_suite():
    filled = fill({'to_{each.name}': dict(out='{each.channels}'), 'rest': 1}, FACTS)
    assert filled == dict(to_a=dict(out=6), to_b=dict(out=8), rest=1)
    with pytest.raises(MissingFactError, match=r'features\.mentors\.c'):
        fill({'to_{each.name}': 1}, dict(FACTS, mentor_names=['c']))


def test_a_copy_is_filled_in():
    facts = dict(mentors=dict(a=dict(ckpt='a.pth')))
    filled = fill(dict(mentors='{mentors}', rest=3), facts)
    filled['mentors']['a']['ckpt'] = 'b.pth'
    assert facts['mentors']['a']['ckpt'] == 'a.pth'


@pytest.mark.parametrize(
    ('name', 'place'),
    [
        ('features.mentor.index', 'benchmark.features.mentor.index'),
        ('num_classes', 'model.head.num_classes'),
    ],
)
def test_a_fact_that_the_suite_does_not_have(name, place):
    with pytest.raises(MissingFactError, match=f'^{place}$'):
        fill(dict(a='{' + name + '}'), FACTS)


@pytest.mark.parametrize(
    ('name', 'hint'),
    [
        ('worst', r'There are: .*best'),
        ('best.name', r'There are: .*best'),
        ('num_clases', "Did you mean 'num_classes'"),
        ('stages.boundary', "Did you mean 'stages.boundaries'"),
        ('each.channels', r'There are: .*best'),
    ],
)
def test_a_fact_that_no_suite_has(name, hint):
    facts = dict(FACTS, stages=dict(boundaries='epoch_3.pth'))
    with pytest.raises(ValueError, match=rf"'\{{{name}\}}' is no fact.*{hint}"):
        fill(dict(a='{' + name + '}'), facts)
