# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Descriptions depend on content alone, and tell where two differ."""

import functools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement
from torch.nn import Flatten, Sequential

from classroomkd_mm.fingerprints import canonical, describe, differences, digest


class Thing:
    """An object with a public and a private attribute."""

    def __init__(self, value):
        self.value = value
        self._cache = object()


@pytest.mark.parametrize(
    ('one', 'same', 'other'),
    [
        (dict(a=1, b=2), dict(b=2, a=1), dict(a=1, b=3)),
        ({'x', 'y'}, {'y', 'x'}, {'x'}),
        (np.arange(6), np.arange(12)[:6], np.arange(6).reshape(2, 3)),
        (torch.zeros(3), torch.zeros(3), torch.zeros(3, dtype=torch.float64)),
        (Thing([1]), Thing([1]), Thing([2])),
        (functools.partial(max, 1), functools.partial(max, 1), functools.partial(max)),
        (BaseDataElement(a=1), BaseDataElement(a=1), BaseDataElement(a=2)),
        (math.nan, math.nan, 0.0),
        (int, int, float),
        (Path('a'), Path('a'), Path('b')),
        (torch.float16, torch.float16, torch.float32),
        (Sequential(Flatten(2)), Sequential(Flatten(2)), Sequential(Flatten(3))),
        (np.float32(2), 2.0, 1.0),
    ],
)
def test_content_alone_counts(one, same, other):
    assert digest([one]) == digest([same]) != digest([other])


def test_the_large_arrays_of_an_object_count_whole():
    values = np.zeros(5000)
    values[2500] = 1
    assert canonical(Thing([values])) != canonical(Thing([np.zeros(5000)]))


def test_differences_name_their_places():
    then = describe(dict(seed=0, pipeline=[dict(type='Crop', size=(8, 8))], gone=1))
    now = describe(dict(seed=0, pipeline=[dict(type='Crop', size=(8, 9))], new='x'))
    assert differences(then, now) == [
        'gone: 1, now null',
        'new: null, now "x"',
        'pipeline[0].size[1]: 8, now 9',
    ]
    assert differences(then, then) == []
    assert differences([1], [1, 2], 'list') == ['list: [1], now [1, 2]']
