# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What must hold for any classroom, on examples that hypothesis thinks up."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classroomkd_mm import classroom_loss

few = settings(max_examples=12, deadline=None)
LEVELS = st.sampled_from(['sample', 'batch'])
MENTORING = st.sampled_from(['gap', 'off', 'dtkd', 4.0])


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
