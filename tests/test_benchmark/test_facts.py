# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What methods refer to."""

import pytest

from classroomkd_mm.benchmark.facts import MissingFactError, fill

FACTS = dict(best='resnet32', share=0.2, features=dict(student=dict(index=None)))


def test_a_whole_string_becomes_a_fact_of_any_type_and_a_part_becomes_text():
    filled = fill(
        {'{best}': ('{share}', ['to_{best}']), 'index': '{features.student.index}'},
        FACTS,
    )
    assert filled == {'resnet32': (0.2, ['to_resnet32']), 'index': None}


def test_a_copy_is_filled_in():
    facts = dict(mentors=dict(a=dict(ckpt='a.pth')))
    filled = fill(dict(mentors='{mentors}', rest=3), facts)
    filled['mentors']['a']['ckpt'] = 'b.pth'
    assert facts['mentors']['a']['ckpt'] == 'a.pth'


@pytest.mark.parametrize('name', ['worst', 'features.mentor.index', 'best.name'])
def test_a_fact_that_is_not_there(name):
    with pytest.raises(MissingFactError, match=name):
        fill(dict(a='{' + name + '}'), FACTS)
