# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Names of a mentor's classes, against those of the dataset."""

import logging

import pytest
from torch import nn

from classroomkd_mm.tasks import names
from classroomkd_mm.tasks.names import dataset_meta_of, map_by_name

OURS = ['ant', 'bee', 'cat', 'dog']


@pytest.fixture
def said(monkeypatch):
    """What was logged, with the levels."""
    said = []
    monkeypatch.setattr(
        names,
        'print_log',
        lambda message, logger, level=logging.INFO: said.append((level, message)),
    )
    return said


@pytest.mark.parametrize(
    ('theirs', 'found'),
    [
        (['dog', 'ant', 'cat', 'bee'], [1, 3, 2, 0]),
        (['eel', 'dog', 'cat', 'bee', 'ant'], [4, 3, 2, 1]),
        (['ant', 'bee', 'cat', 'dog', 'eel'], [0, 1, 2, 3]),
        (['Dog', 'ANT', 'cat ', 'bee'], [1, 3, 2, 0]),
        # What the student does not need may be ambiguous.
        (['eel', 'eel', 'dog', 'ant', 'cat', 'bee'], [3, 5, 4, 2]),
    ],
    ids=str,
)
def test_all_names_are_known(said, theirs, found):
    assert map_by_name('big', 'class', OURS, theirs) == found
    assert [theirs[n].strip().lower() for n in found] == OURS
    ((level, message),) = said
    assert level == logging.INFO
    assert "'big'" in message
    assert 'class_map=' in message


@pytest.mark.parametrize(
    ('ours', 'theirs'),
    [
        (OURS, OURS),
        (['crane', 'bee', 'crane'], ['crane', 'bee', 'crane']),
        (['aquarium fish', 'bee'], ['aquarium_fish', 'Bee']),
    ],
    ids=str,
)
def test_the_same_order(said, ours, theirs):
    assert map_by_name('big', 'class', ours, theirs) is None
    assert not said


@pytest.mark.parametrize(
    'theirs',
    [
        ['n1', 'n2', 'n3', 'n4'],
        ['ant', 'wasp', 'cat', 'dog'],
        ['ant', 'cat', 'cat', 'dog'],
    ],
    ids=str,
)
def test_other_names_are_warned_of(said, theirs):
    assert map_by_name('big', 'class', OURS, theirs) is None
    ((level, message),) = said
    first = next(n for n, name in enumerate(theirs) if name != OURS[n])
    assert level == logging.WARNING
    assert f'{theirs[first]!r} instead of {OURS[first]!r}' in message
    assert "'big'" in message
    assert 'set class_map' in message


@pytest.mark.parametrize(
    ('theirs', 'message'),
    [
        (['bee', 'ant', 'cat', 'eel'], r"'big' has the class 'ant' at index 1.* at 0"),
        (['eel', 'dog', 'ant'], r"'big' has the class 'ant' at index 2.* at 0"),
        (['ant', 'bee', 'cat'], r"'big' has 3 class names .* 4.*lacks: 'dog'"),
        (['n1', 'n2', 'n3', 'n4', 'n5'], r"5 class names .* 'ant', 'bee', 'cat', …"),
    ],
    ids=str,
)
def test_contradictions(said, theirs, message):
    with pytest.raises(ValueError, match=rf'{message}.*Set class_map'):
        map_by_name('big', 'class', OURS, theirs)


def test_names_that_are_no_outputs_are_only_compared(said):
    """A head with one logit for two classes, or with more outputs than the dataset."""
    assert map_by_name('big', 'class', ['no', 'yes'], ['no', 'yes'], False) is None
    assert map_by_name('big', 'class', OURS[:2], OURS, mappable=False) is None
    assert not said
    with pytest.raises(
        ValueError, match=r"'no' at index 1, but the dataset has it at 0"
    ):
        map_by_name('big', 'class', ['no', 'yes'], ['yes', 'no'], mappable=False)


def test_many_names_are_fast(said):
    ours = [str(n) for n in range(20000)]
    assert map_by_name('big', 'class', ours, ours[::-1])[0] == 19999
    assert len(said[0][1]) < 200


@pytest.mark.parametrize('attribute', ['dataset_meta', '_dataset_meta'])
def test_networks_of_inference_apis_carry_their_dataset(attribute):
    network = nn.Identity()
    assert dataset_meta_of(network) == {}
    setattr(network, attribute, dict(classes=OURS))
    assert dataset_meta_of(network)['classes'] == OURS
