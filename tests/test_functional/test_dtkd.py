# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What docs/method.md says of DTKD's two temperatures."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classroomkd_mm import classroom_loss
from classroomkd_mm.functional import filter_mentors, pace_mentors


def logits_of(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(*shape, 5, generator=generator, dtype=torch.float64) * 4 + 2


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_both_sides_are_equally_sharp(seed):
    student, mentors = logits_of(seed, 6), logits_of(seed + 1, 3, 6)
    ranking = filter_mentors(torch.zeros(4, 6), filtering=False)
    taus = pace_mentors(ranking, student, list(mentors), 'dtkd')
    torch.testing.assert_close(taus.mentor + taus.student, torch.full_like(taus[0], 8))
    torch.testing.assert_close(
        mentors.amax(-1) / taus.mentor, student.amax(-1) / taus.student
    )


def test_with_equal_largest_logits_it_is_ordinary_kd():
    student, mentors = logits_of(0, 6), logits_of(1, 3, 6)
    mentors = mentors * (student.amax(-1) / mentors.amax(-1))[..., None]
    labels = torch.zeros(6, dtype=torch.long)
    dtkd, kd = (
        classroom_loss(student, mentors, labels, filtering=False, mentoring=mentoring)
        for mentoring in ('dtkd', 4.0)
    )
    torch.testing.assert_close(dtkd.distill, kd.distill)
