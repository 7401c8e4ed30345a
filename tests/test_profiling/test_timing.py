# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from classroomkd_mm.profiling.timing import median_ratio, take_turns


def test_variants_take_turns():
    order = []
    steps = dict(a=lambda: order.append('a'), b=lambda: order.append('b'))
    times = take_turns(steps, 3)
    assert order == ['a', 'b'] * 4
    assert [len(values) for values in times.values()] == [3, 3]


def test_ratios_are_taken_turn_by_turn():
    assert median_ratio([2, 40, 9], [1, 10, 3]) == 3
