# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What must hold for any classroom of pose models, on examples of hypothesis."""

from typing import NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip('mmpose')

import classroomkd_mm.models  # noqa: E402, F401  before MMPose, which it lets import
from classroomkd_mm.functional import (  # noqa: E402
    Scores,
    filter_mentors,
    pace_mentors,
    plan_lesson,
)
from classroomkd_mm.tasks.pose.scoring import (  # noqa: E402
    counted_points,
    heatmap_log_scores,
    placed_points,
    point_weights,
    simcc_log_scores,
)
from classroomkd_mm.tasks.pose.teaching import (  # noqa: E402
    heatmap_mentor_losses,
    heatmap_mse_losses,
    simcc_mentor_losses,
)

few = settings(max_examples=10, deadline=None)
LEVELS = st.sampled_from(['sample', 'batch'])
SCORES = st.sampled_from(['oks', 'likelihood', 'task_loss'])
MENTORING = st.sampled_from(['gap', 'off', 'dtkd', 4.0])
NONSENSE = st.sampled_from([float('nan'), float('inf'), -float('inf'), 1e30, 0.0])
HEIGHT, WIDTH = 5, 4


class Room(NamedTuple):
    """Outputs of student and n mentors, targets, and which keypoints count."""

    student: torch.Tensor
    mentors: list
    targets: torch.Tensor
    visible: torch.Tensor
    taught: torch.Tensor


@st.composite
def rooms(draw):
    """Heatmaps (N, K, H, W), as large as in training or larger, in float64."""
    n, N, K = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    scale = draw(st.sampled_from([0.3, 1.0, 10.0]))
    shape = (N, K, HEIGHT, WIDTH)

    def maps(*size):
        return torch.randn(*size, generator=generator, dtype=torch.float64)

    targets = torch.rand(shape, generator=generator, dtype=torch.float64)
    targets[torch.rand(N, K, generator=generator) < 0.1] = 0  # absent keypoints
    return Room(
        (scale * maps(*shape)).requires_grad_(),
        list(scale * maps(n, *shape)),
        targets,
        torch.rand(N, K, generator=generator) < 0.8,
        torch.rand(n, K, generator=generator) < 0.9,
    )


def axes(maps):
    """SimCC vectors along x and y."""
    return maps.sum(dim=-2), maps.sum(dim=-1)


def lesson_of(room, level='sample', mentoring='gap', score='oks', **options):
    """Score, filter and pace."""
    counted = counted_points(placed_points(room.visible, room.targets), room.taught)

    def scorer(student, mentors, targets):
        if score == 'simcc':
            pairs = [axes(maps) for maps in (student, *mentors)]
            scores = simcc_log_scores(pairs, axes(targets), counted)
        else:
            members = [student, *mentors]
            scores = heatmap_log_scores(members, targets, counted, score)
        return Scores(scores, point_weights(counted))

    return plan_lesson(
        room.student.detach(),
        room.mentors,
        room.targets,
        scorer=scorer,
        knowledge_filter=lambda scores: filter_mentors(scores, level),
        mentoring=lambda *lesson: pace_mentors(*lesson, mentoring, **options),
    )


def heatmap_kl(student, mentors, lesson):
    return heatmap_mentor_losses(
        student, mentors, lesson.ranking, lesson.temperatures, lesson.point_weights, 3.0
    )


def heatmap_mse(student, mentors, lesson):
    return heatmap_mse_losses(student, mentors, lesson.ranking, lesson.point_weights)


def simcc_kl(student, mentors, lesson):
    return simcc_mentor_losses(
        axes(student),
        [axes(maps) for maps in mentors],
        lesson.ranking,
        lesson.temperatures,
        lesson.point_weights,
        2.0,
    )


LOSSES = st.sampled_from([heatmap_kl, heatmap_mse, simcc_kl])
ALL_SCORES = st.sampled_from(['oks', 'likelihood', 'task_loss', 'simcc'])


def taught(loss, room, lesson):
    """Losses of the mentors, and the gradient of the student's maps."""
    losses = loss(room.student, room.mentors, lesson)
    return losses, *torch.autograd.grad(losses.sum(), room.student)


@few
@given(rooms(), LEVELS, ALL_SCORES)
def test_ranks_sum_to_the_number_of_mentors(room, level, score):
    ranks = lesson_of(room, level, score=score).ranking.ranks
    n = torch.full_like(ranks[0], len(room.mentors))
    torch.testing.assert_close(ranks.sum(0), n)
    assert (ranks >= 0).all()


@few
@given(rooms(), LEVELS, ALL_SCORES, LOSSES, st.randoms(use_true_random=False))
def test_order_of_mentors_does_not_matter(room, level, score, loss, random):
    order = list(range(len(room.mentors)))
    random.shuffle(order)
    moved = room._replace(
        mentors=[room.mentors[m] for m in order], taught=room.taught[order]
    )
    one, two = (lesson_of(each, level, score=score) for each in (room, moved))
    torch.testing.assert_close(two.ranking.weights, one.ranking.weights[order])
    assert torch.equal(two.ranking.active, one.ranking.active[order])
    (ours, gradient), (theirs, other) = (
        taught(loss, room, one),
        taught(loss, moved, two),
    )
    # Nothing is known better than the weights, which are float32 for some scores.
    known = one.ranking.weights.dtype
    torch.testing.assert_close(theirs.to(known), ours[order].to(known))
    torch.testing.assert_close(other.to(known), gradient.to(known))


@few
@given(rooms(), LEVELS, st.sampled_from(['oks', 'likelihood', 'simcc']), MENTORING)
def test_a_constant_added_to_a_map_changes_nothing(room, level, score, mentoring):
    """Not so for the squared error, which compares values."""
    if mentoring == 'dtkd':  # it takes the largest value for how sharp a map is
        return
    own = 3 * torch.randn(len(room.mentors) + 1, *room.visible.shape, 1, 1)
    own = own.double()
    moved = room._replace(
        student=(room.student.detach() + own[0]).requires_grad_(),
        mentors=[maps + by for maps, by in zip(room.mentors, own[1:], strict=True)],
    )
    one, two = (lesson_of(each, level, mentoring, score) for each in (room, moved))
    torch.testing.assert_close(two.ranking.ranks, one.ranking.ranks)
    torch.testing.assert_close(two.temperatures.mentor, one.temperatures.mentor)
    for loss in (heatmap_kl, simcc_kl):
        for pair in zip(taught(loss, room, one), taught(loss, moved, two), strict=True):
            torch.testing.assert_close(*pair)


@few
@given(rooms(), LEVELS, ALL_SCORES, st.floats(0, 50))
def test_temperatures_are_within_their_bounds(room, level, score, tau_max):
    taus = lesson_of(room, level, 'gap', score, tau_max=tau_max).temperatures
    assert (taus.mentor >= 1).all() and (taus.mentor <= 1 + tau_max).all()
    taus = lesson_of(room, level, 'dtkd', score).temperatures
    assert (taus.mentor >= 0.4 - 1e-6).all() and (taus.mentor <= 7.6 + 1e-6).all()


@few
@given(rooms(), LEVELS, ALL_SCORES, LOSSES, NONSENSE)
def test_what_an_inactive_mentor_says_has_no_influence_to_the_bit(
    room, level, score, loss, nonsense
):
    lesson = lesson_of(room, level, score=score)
    idle = ~lesson.ranking.active[:, :, None, None, None]
    spoilt = room._replace(
        mentors=[
            maps.masked_fill(where, nonsense)
            for maps, where in zip(room.mentors, idle, strict=True)
        ]
    )
    pairs = zip(taught(loss, room, lesson), taught(loss, spoilt, lesson), strict=True)
    assert all(torch.equal(*pair) for pair in pairs)


@few
@given(rooms(), LEVELS, ALL_SCORES, MENTORING, LOSSES, NONSENSE)
def test_broken_maps_are_alike_to_the_bit(
    room, level, score, mentoring, loss, nonsense
):
    results = []
    for fill in (None, nonsense):
        broken = room.mentors[0].clone()
        if fill is not None:
            broken[0] = fill
        broken[0, 0, 0, 0] = float('nan')
        spoilt = room._replace(mentors=[broken, *room.mentors[1:]])
        lesson = lesson_of(spoilt, level, mentoring, score)
        assert not lesson.ranking.active[0, 0]
        results.append([*lesson.ranking[:4], *taught(loss, spoilt, lesson)])
    assert all(torch.equal(*pair) for pair in zip(*results, strict=True))


@few
@given(
    rooms(),
    LEVELS,
    ALL_SCORES,
    MENTORING,
    LOSSES,
    st.sampled_from([1.0, 1e4]),
    st.sampled_from([torch.float16, torch.bfloat16, torch.float32]),
)
def test_finite_for_large_maps(room, level, score, mentoring, loss, size, dtype):
    largest = max(maps.abs().max().item() for maps in (room.student, *room.mentors))
    student, *mentors = (
        (maps.detach() * size / largest).to(dtype)
        for maps in (room.student, *room.mentors)
    )
    if score == 'simcc' or loss is simcc_kl:  # the sums of a map stay within float16
        student, *mentors = (maps / HEIGHT for maps in (student, *mentors))
    large = room._replace(
        student=student.requires_grad_(),
        mentors=mentors,
        targets=room.targets.to(dtype),
    )
    lesson = lesson_of(large, level, mentoring, score)
    assert lesson.ranking.ranks.isfinite().all()
    assert lesson.ranking.ranks.dtype == torch.float32
    losses, gradient = taught(loss, large, lesson)
    assert losses.isfinite().all()
    assert gradient.dtype == dtype
    assert gradient.isfinite().all()


@few
@given(rooms(), LEVELS, ALL_SCORES, MENTORING, LOSSES)
def test_gradients_agree_with_finite_differences(room, level, score, mentoring, loss):
    lesson = lesson_of(room, level, mentoring, score)
    assert torch.autograd.gradcheck(
        lambda maps: loss(maps, room.mentors, lesson),
        room.student,
        rtol=1e-4,
        atol=1e-5,
        fast_mode=True,
    )
