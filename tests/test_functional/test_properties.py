# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What must hold for any classroom, on examples that hypothesis thinks up."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classroomkd_mm import classroom_loss
from classroomkd_mm.functional import (
    bernoulli_divergence,
    bernoulli_log_scores,
    filter_mentors,
    mentor_losses,
    pace_mentors,
    softmax_divergence,
)
from classroomkd_mm.functional.filtering import Ranking

few = settings(max_examples=12, deadline=None)
LEVELS = st.sampled_from(['sample', 'batch'])
MENTORING = st.sampled_from(['gap', 'off', 'dtkd', 4.0])
DIVERGENCES = st.sampled_from([softmax_divergence, bernoulli_divergence])
NONSENSE = st.sampled_from([float('nan'), float('inf'), -float('inf'), 1e30, 0.0])


@st.composite
def classrooms(draw):
    """Student (N, C), mentors (n, N, C) and labels (N,), in float64."""
    n, N, C = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.integers(2, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    scale = draw(st.sampled_from([0.01, 1.0, 5.0, 30.0]))

    def logits(*shape):
        return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)

    labels = torch.randint(C, (N,), generator=generator)
    return logits(N, C).requires_grad_(), logits(n, N, C), labels


@few
@given(classrooms(), LEVELS)
def test_ranks_sum_to_the_number_of_mentors(classroom, level):
    out = classroom_loss(*classroom, level=level)
    n = len(classroom[1])
    torch.testing.assert_close(out.ranks.sum(0), torch.full_like(out.ranks[0], n))
    assert (out.ranks >= 0).all()


@few
@given(classrooms(), LEVELS)
def test_active_means_as_good_as_the_student(classroom, level):
    out = classroom_loss(*classroom, level=level)
    student, mentors = out.ranks[:1], out.ranks[1:]
    distinct = (mentors - student).abs() > 1e-12
    assert (out.active == (mentors >= student))[distinct].all()
    assert (out.active == (out.log_scores[1:] >= out.log_scores[:1])).all()


@few
@given(classrooms(), LEVELS, st.floats(0, 50))
def test_temperature_is_between_1_and_1_plus_tau_max(classroom, level, tau_max):
    out = classroom_loss(*classroom, level=level, tau_max=tau_max)
    assert (out.temperatures >= 1).all()
    assert (out.temperatures <= 1 + tau_max).all()
    assert (out.temperatures[~out.active] == 1).all()
    # The two forms of the gap in step 4 are one: 1 - w_s / w_m.
    gap = 1 - (out.log_scores[:1] - out.log_scores[1:]).exp()
    expected = torch.where(out.active, 1 + tau_max * gap, 1.0)
    torch.testing.assert_close(out.temperatures, expected, rtol=1e-6, atol=1e-6)


@few
@given(classrooms(), LEVELS, MENTORING, st.randoms(use_true_random=False))
def test_order_of_mentors_does_not_matter(classroom, level, mentoring, random):
    student, mentors, labels = classroom
    order = list(range(len(mentors)))
    random.shuffle(order)
    one = classroom_loss(student, mentors, labels, level=level, mentoring=mentoring)
    two = classroom_loss(
        student, mentors[order], labels, level=level, mentoring=mentoring
    )
    members = [0, *(m + 1 for m in order)]
    torch.testing.assert_close(two.total, one.total)
    torch.testing.assert_close(two.ranks, one.ranks[members])
    torch.testing.assert_close(two.temperatures, one.temperatures[order])
    assert (two.active == one.active[order]).all()


@few
@given(classrooms(), LEVELS, st.sampled_from(['gap', 'off', 4.0]))
def test_a_constant_added_to_all_logits_changes_nothing(classroom, level, mentoring):
    student, mentors, labels = classroom
    options = dict(level=level, mentoring=mentoring)
    plain = classroom_loss(student, mentors, labels, **options)
    shifted = classroom_loss(student + 3.5, mentors - 7.25, labels, **options)
    torch.testing.assert_close(shifted.total, plain.total)
    torch.testing.assert_close(shifted.ranks, plain.ranks)
    torch.testing.assert_close(shifted.temperatures, plain.temperatures)


@few
@given(classrooms(), LEVELS, st.sampled_from(['gap', 'off', 4.0]))
def test_each_member_and_sample_may_have_a_constant(classroom, level, mentoring):
    student, mentors, labels = classroom
    options = dict(level=level, mentoring=mentoring)
    plain = classroom_loss(student, mentors, labels, **options)
    own = 9 * torch.randn(len(mentors) + 1, len(labels), 1, dtype=torch.float64)
    moved = classroom_loss(student + own[0], mentors + own[1:], labels, **options)
    torch.testing.assert_close(moved.total, plain.total)
    torch.testing.assert_close(moved.ranks, plain.ranks)
    grads = [torch.autograd.grad(out.total, student)[0] for out in (plain, moved)]
    torch.testing.assert_close(*grads)


@few
@given(classrooms(), LEVELS)
def test_a_mentor_equal_to_the_student_is_active_and_teaches_nothing(classroom, level):
    student, _, labels = classroom
    out = classroom_loss(student, [student, student], labels, level=level)
    assert out.active.all()
    assert (out.temperatures == 1).all()
    torch.testing.assert_close(out.ranks, torch.full_like(out.ranks, 2 / 3))
    torch.testing.assert_close(out.distill, torch.zeros_like(out.distill))


@few
@given(classrooms(), LEVELS, MENTORING)
def test_duplicates_are_treated_alike(classroom, level, mentoring):
    student, mentors, labels = classroom
    twice = torch.cat([mentors, mentors])
    out = classroom_loss(student, twice, labels, level=level, mentoring=mentoring)
    n = len(mentors)
    torch.testing.assert_close(out.ranks[1 : n + 1], out.ranks[n + 1 :])
    torch.testing.assert_close(out.temperatures[:n], out.temperatures[n:])
    assert (out.active[:n] == out.active[n:]).all()


@few
@given(classrooms(), MENTORING)
def test_samples_do_not_see_each_other_at_the_sample_level(classroom, mentoring):
    student, mentors, labels = classroom
    whole = classroom_loss(student, mentors, labels, mentoring=mentoring)
    alone = [
        classroom_loss(
            student[i : i + 1],
            mentors[:, i : i + 1],
            labels[i : i + 1],
            mentoring=mentoring,
        )
        for i in range(len(labels))
    ]
    for field in ('ranks', 'temperatures', 'active', 'log_scores'):
        joined = torch.cat([getattr(one, field) for one in alone], dim=1)
        torch.testing.assert_close(getattr(whole, field), joined)
    mean = torch.stack([one.distill for one in alone]).mean()
    torch.testing.assert_close(whole.distill, mean)


@few
@given(classrooms(), LEVELS, MENTORING, st.booleans())
def test_gradient_flows_to_the_student_only(classroom, level, mentoring, filtering):
    student, mentors, labels = classroom
    mentors = mentors.clone().requires_grad_()
    out = classroom_loss(
        student, mentors, labels, level=level, mentoring=mentoring, filtering=filtering
    )
    grad_student, grad_mentors = torch.autograd.grad(
        out.total, (student, mentors), allow_unused=True
    )
    assert grad_mentors is None
    assert grad_student.isfinite().all()
    for field in ('task_weight', 'log_scores', 'ranks', 'temperatures'):
        assert not getattr(out, field).requires_grad


@few
@given(classrooms(), LEVELS, MENTORING)
def test_gradient_takes_all_weights_for_constants(classroom, level, mentoring):
    """Steps 1 to 4 are without gradient.

    So the gradient on the logits sums to 0 over the classes, and a sample that nobody
    teaches gets exactly the weighted task gradient.
    """
    student, mentors, labels = classroom
    out = classroom_loss(student, mentors, labels, level=level, mentoring=mentoring)
    (grad,) = torch.autograd.grad(out.total, student, retain_graph=True)
    (task_grad,) = torch.autograd.grad(out.task, student)
    torch.testing.assert_close(
        grad.sum(1), torch.zeros_like(grad[:, 0]), atol=1e-9, rtol=0
    )
    untaught = ~out.active.any(0)
    torch.testing.assert_close(grad[untaught], (out.task_weight * task_grad)[untaught])


@pytest.mark.parametrize('mentoring', ['gap', 'off', 'dtkd', 4.0])
@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_a_sequence_of_mentors_is_as_good_as_a_tensor(level, mentoring):
    torch.manual_seed(0)
    student, mentors = torch.randn(5, 4), torch.randn(3, 5, 4)
    labels = torch.randint(4, (5,))
    options = dict(level=level, mentoring=mentoring)
    stacked = classroom_loss(student, mentors, labels, **options)
    for sequence in (list(mentors), tuple(mentors)):
        listed = classroom_loss(student, sequence, labels, **options)
        for one, two in zip(stacked, listed, strict=True):
            assert torch.equal(one, two)


def lesson_of(classroom, level):
    """What the filter makes of a classroom, at one of its levels."""
    student, mentors, labels = classroom
    shown = classroom_loss(student, mentors, labels, level=level)
    return filter_mentors(shown.log_scores, level='sample')


def losses_and_gradient(student, mentors, ranking, temperatures, divergence):
    losses = mentor_losses(
        student, mentors, ranking, temperatures, divergence=divergence
    )
    (gradient,) = torch.autograd.grad(losses.sum(), student)
    return losses, gradient


@few
@given(
    classrooms(), LEVELS, st.sampled_from(['gap', 'off', 4.0]), DIVERGENCES, NONSENSE
)
def test_what_an_inactive_mentor_says_has_no_influence_to_the_bit(
    classroom, level, mentoring, divergence, nonsense
):
    student, mentors, _ = classroom
    ranking = lesson_of(classroom, level)
    taus = pace_mentors(ranking, student, list(mentors), mentoring)
    said = losses_and_gradient(student, mentors, ranking, taus, divergence)
    mentors = mentors.masked_fill(~ranking.active[..., None], nonsense)
    again = losses_and_gradient(student, mentors, ranking, taus, divergence)
    assert all(torch.equal(*pair) for pair in zip(said, again, strict=True))


@few
@given(classrooms(), LEVELS, DIVERGENCES)
def test_an_inactive_mentor_may_as_well_be_absent(classroom, level, divergence):
    """Given the ranks, to the bit: what it adds is an exact 0."""
    student, mentors, _ = classroom
    ranking = lesson_of(classroom, level)
    active = ranking.active.clone()
    active[0] = False
    ranking = Ranking(
        ranking.log_scores, ranking.ranks, active, ranking.weights * active
    )
    taus = pace_mentors(ranking, student, list(mentors))
    losses, gradient = losses_and_gradient(student, mentors, ranking, taus, divergence)
    assert losses[0] == 0
    if len(mentors) == 1:
        assert (gradient == 0).all()
        return
    rest = Ranking(*(part[1:] for part in ranking[:2]), active[1:], ranking.weights[1:])
    taus = type(taus)(*(part[1:] for part in taus))
    fewer = losses_and_gradient(student, mentors[1:], rest, taus, divergence)
    assert torch.equal(losses[1:], fewer[0])
    assert torch.equal(gradient, fewer[1])


@few
@given(classrooms(), LEVELS, MENTORING, st.booleans(), NONSENSE)
def test_broken_outputs_are_alike_to_the_bit(
    classroom, level, mentoring, filtering, nonsense
):
    """One NaN in the output, or nothing but nonsense besides it."""
    student, mentors, labels = classroom
    options = dict(level=level, mentoring=mentoring, filtering=filtering)
    results = []
    for fill in (None, nonsense):
        broken = mentors.clone()
        if fill is not None:
            broken[0, 0] = fill
        broken[0, 0, 0] = float('nan')
        out = classroom_loss(student, broken, labels, **options)
        assert not out.active[0, 0]
        results.append([*out, *torch.autograd.grad(out.total, student)])
    assert all(torch.equal(*pair) for pair in zip(*results, strict=True))


@few
@given(classrooms(), LEVELS)
def test_temperatures_of_dtkd_are_within_their_bounds(classroom, level):
    student, mentors, labels = classroom
    out = classroom_loss(student, mentors, labels, level=level, mentoring='dtkd')
    assert (out.temperatures >= 2 * 4 * 0.05).all()
    assert (out.temperatures <= 2 * 4 * 0.95).all()


LARGE = st.sampled_from([1.0, 100.0, 1e4])
HALF = st.sampled_from([torch.float16, torch.bfloat16, torch.float32])


@few
@given(classrooms(), LARGE, HALF, LEVELS, MENTORING, st.booleans())
def test_finite_for_large_logits(classroom, size, dtype, level, mentoring, filtering):
    student, mentors, labels = classroom
    largest = max(student.abs().max().item(), mentors.abs().max().item())
    student = (student.detach() * size / largest).to(dtype).requires_grad_()
    mentors = (mentors * size / largest).to(dtype)
    out = classroom_loss(
        student, mentors, labels, level=level, mentoring=mentoring, filtering=filtering
    )
    (gradient,) = torch.autograd.grad(out.total, student)
    for name in out._fields:
        assert getattr(out, name).isfinite().all(), name
    assert gradient.dtype == dtype
    assert gradient.isfinite().all()
    if filtering:
        n = torch.full_like(out.ranks[0], len(mentors))
        torch.testing.assert_close(out.ranks.sum(0), n)


@few
@given(classrooms(), LARGE, HALF)
def test_scores_of_sigmoids_are_finite_for_large_logits(classroom, size, dtype):
    student, mentors, labels = classroom
    members = torch.cat([student.detach()[None], mentors])
    members = (members * size / members.abs().max()).to(dtype)
    targets = torch.nn.functional.one_hot(labels, members.shape[-1])
    scores = bernoulli_log_scores(members, targets)
    assert scores.dtype == torch.float32
    assert scores.isfinite().all() and (scores <= 0).all()


@few
@given(classrooms(), LEVELS, MENTORING, DIVERGENCES)
def test_gradients_agree_with_finite_differences(
    classroom, level, mentoring, divergence
):
    """The lesson is a constant: steps 1 to 4 have no gradient."""
    student, mentors, _ = classroom
    ranking = lesson_of(classroom, level)
    taus = pace_mentors(ranking, student, list(mentors), mentoring)

    def losses(logits):
        return mentor_losses(logits, mentors, ranking, taus, divergence=divergence)

    assert torch.autograd.gradcheck(losses, student, rtol=1e-4, atol=1e-5)


@few
@given(classrooms(), LEVELS, MENTORING)
def test_the_whole_loss_has_the_gradient_of_a_fixed_lesson(classroom, level, mentoring):
    student, mentors, labels = classroom
    options = dict(level=level, mentoring=mentoring)
    out = classroom_loss(student, mentors, labels, **options)
    (gradient,) = torch.autograd.grad(out.total, student)
    ranking = filter_mentors(out.log_scores)
    ranking = ranking._replace(ranks=out.ranks, active=out.active)
    ranking = ranking._replace(weights=out.ranks[1:] * out.active)
    taus = pace_mentors(ranking, student, list(mentors), mentoring)

    def total(logits):
        taught = mentor_losses(logits, mentors, ranking, taus).sum()
        task = torch.nn.functional.cross_entropy(logits, labels)
        return out.task_weight * task + taught

    step = 1e-6
    direction = torch.randn_like(student)
    with torch.no_grad():
        ahead, behind = (
            total(student + step * direction),
            total(student - step * direction),
        )
    expected = (ahead - behind) / (2 * step)
    torch.testing.assert_close(
        (gradient * direction).sum(), expected, rtol=1e-5, atol=1e-6
    )
