# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""KnowledgeFilter and Mentoring: the functions of the method, with options checked."""

import pytest
import torch

from classroomkd_mm.functional import filter_mentors, pace_mentors


@pytest.fixture(scope='module')
def parts(tiny):
    from classroomkd_mm import classroom

    return classroom


@pytest.mark.parametrize('level', ['sample', 'batch'])
@pytest.mark.parametrize('rank_decimals', [None, 2])
@pytest.mark.parametrize('filtering', [True, False])
def test_knowledge_filter_is_filter_mentors(parts, level, rank_decimals, filtering):
    log_scores = torch.randn(4, 6).log_softmax(0)
    module = parts.KnowledgeFilter(level, rank_decimals, filtering)
    expected = filter_mentors(log_scores, level, rank_decimals, filtering)
    found = module(log_scores)
    assert found.filtering is expected.filtering is filtering
    for one, two in zip(found[:-1], expected[:-1], strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize(
    'options',
    [
        dict(slack=1.0, weights='confidence'),
        dict(level='batch', weights='uniform'),
        dict(filtering='soft', weights='uniform'),
    ],
    ids=str,
)
def test_knowledge_filter_passes_its_options_on(parts, options):
    log_scores = torch.randn(4, 6).log_softmax(0)
    module = parts.KnowledgeFilter(**options)
    expected = filter_mentors(log_scores, **options)
    assert torch.equal(module(log_scores).weights, expected.weights)
    assert not torch.equal(expected.weights, filter_mentors(log_scores).weights)
    assert all(repr(value) in repr(module) for value in options.values())


@pytest.mark.parametrize('mentoring', ['gap', 'off', 'dtkd', 3.0])
def test_mentoring_is_pace_mentors(parts, mentoring):
    ranking = filter_mentors(torch.randn(4, 6).log_softmax(0))
    student, mentors = torch.randn(6, 5), list(torch.randn(3, 6, 5))
    module = parts.Mentoring(tau_max=7, mentoring=mentoring)
    expected = pace_mentors(ranking, student, mentors, mentoring, 7)
    for one, two in zip(module(ranking, student, mentors), expected, strict=True):
        assert torch.equal(one, two)


def test_defaults_are_those_of_the_method(parts):
    knowledge_filter, mentoring = parts.KnowledgeFilter(), parts.Mentoring()
    assert knowledge_filter.level == 'sample'
    assert knowledge_filter.rank_decimals is None
    assert knowledge_filter.filtering
    assert mentoring.mentoring == 'gap'
    assert 'tau_max=12' in repr(mentoring)
    assert "level='sample'" in repr(knowledge_filter)


def test_parts_have_nothing_to_train_or_save(parts):
    for part in (parts.KnowledgeFilter(), parts.Mentoring()):
        assert not list(part.parameters())
        assert not part.state_dict()


@pytest.mark.parametrize(
    ('part', 'options', 'error', 'message'),
    [
        ('KnowledgeFilter', dict(level='epoch'), ValueError, r"level='epoch'.*'batch'"),
        ('KnowledgeFilter', dict(rank_decimals=-2), ValueError, 'rank_decimals=-2'),
        ('KnowledgeFilter', dict(rank_decimals=0.5), TypeError, 'rank_decimals.*0.5'),
        ('Mentoring', dict(tau_max=-0.1), ValueError, 'tau_max=-0.1'),
        ('Mentoring', dict(tau_max='big'), TypeError, "tau_max.*'big'"),
        (
            'Mentoring',
            dict(mentoring='soft'),
            ValueError,
            r"'soft'.*'gap', 'off', 'dtkd'",
        ),
        ('Mentoring', dict(mentoring=0.0), ValueError, 'greater than 0'),
        ('Mentoring', dict(mentoring=None), TypeError, 'None'),
    ],
    ids=str,
)
def test_bad_options_are_found_at_build_time(parts, part, options, error, message):
    with pytest.raises(error, match=message):
        getattr(parts, part)(**options)
