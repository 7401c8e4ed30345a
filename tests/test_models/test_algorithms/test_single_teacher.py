# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 3: one mentor, filter and mentoring off: MMRazor's SingleTeacherDistill."""

import pytest
import torch


@pytest.fixture(scope='module')
def cases(tiny):
    """MMRazor's algorithm, and classrooms of the same networks."""
    import distributed_cases

    return distributed_cases


def run(tiny, model, soft):
    inputs, samples = tiny.prepared(model, tiny.batch(size=16, soft=soft))
    model.train()
    losses = model(inputs, samples, mode='loss')
    model.zero_grad()
    sum(losses.values()).backward()
    gradients = {name: p.grad for name, p in model.student.named_parameters()}
    return losses, gradients


@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize(
    ('mentoring', 'tau'), [('off', 1), ('gap', 1), (1, 1), (4.0, 4)]
)
def test_same_losses_and_gradients(tiny, cases, mentoring, tau, soft):
    theirs = cases.single_teacher(tau)
    ours = cases.one_mentor(theirs, cases.without_filter(mentoring))
    their_losses, their_gradients = run(tiny, theirs, soft)
    our_losses, our_gradients = run(tiny, ours, soft)

    assert set(our_losses) == {'student.loss', 'distill.loss_classroom'}
    assert torch.equal(our_losses['student.loss'], their_losses['student.loss'])
    # Only the order in which a float32 sum is taken may differ.
    tight = dict(rtol=6e-7, atol=0)
    torch.testing.assert_close(
        our_losses['distill.loss_classroom'], their_losses['distill.loss_kl'], **tight
    )
    assert our_losses['distill.loss_classroom'] > 0.1
    for name, gradient in their_gradients.items():
        torch.testing.assert_close(
            our_gradients[name], gradient, rtol=1e-6, atol=3e-8, msg=name
        )


def test_same_in_double_precision(tiny, cases):
    theirs = cases.single_teacher(1).double()
    ours = cases.one_mentor(theirs, cases.without_filter('off')).double()
    inputs, samples = tiny.prepared(ours, tiny.batch(size=16))
    for model in (theirs, ours):
        model.train()
        model.zero_grad()
        sum(model(inputs.double(), samples, mode='loss').values()).backward()
    for one, two in zip(
        theirs.student.parameters(), ours.student.parameters(), strict=True
    ):
        torch.testing.assert_close(two.grad, one.grad, rtol=1e-12, atol=1e-14)


def test_mmrazors_loss_in_a_classroom_is_mmrazors_loss(tiny, cases):
    """KLDivergence itself, mapped to the mentor: equal bit by bit."""
    theirs = cases.single_teacher()
    ours = cases.one_mentor(theirs, cases.THEIR_LOSS)
    their_losses, their_gradients = run(tiny, theirs, False)
    our_losses, our_gradients = run(tiny, ours, False)
    assert set(our_losses) == set(their_losses)
    for name, loss in their_losses.items():
        assert torch.equal(our_losses[name], loss), name
    for name, gradient in their_gradients.items():
        assert torch.equal(our_gradients[name], gradient), name
