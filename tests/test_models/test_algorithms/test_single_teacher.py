# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 3: one mentor, filter and mentoring off: MMRazor's SingleTeacherDistill."""

import pytest
import torch


@pytest.fixture(scope='module')
def single_teacher():
    """A maker of MMRazor's algorithm, as its own configs write it."""
    from distributed_cases import single_teacher

    return single_teacher


def plain_classroom(tiny, mentoring):
    return tiny.build_classroom(
        dict(teacher=tiny.mentor(6)),
        distiller=dict(
            type='ClassroomDistiller',
            knowledge_filter=dict(type='KnowledgeFilter', filtering=False),
            mentoring=dict(type='Mentoring', mentoring=mentoring),
        ),
    )


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
def test_same_losses_and_gradients(tiny, single_teacher, mentoring, tau, soft):
    theirs, ours = single_teacher(tau), plain_classroom(tiny, mentoring)
    ours.student.load_state_dict(theirs.student.state_dict())
    ours.mentors['teacher'].network.load_state_dict(theirs.teacher.state_dict())
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


def test_same_in_double_precision(tiny, single_teacher):
    theirs = single_teacher(1).double()
    ours = plain_classroom(tiny, 'off').double()
    ours.student.load_state_dict(theirs.student.state_dict())
    ours.mentors['teacher'].network.load_state_dict(theirs.teacher.state_dict())
    inputs, samples = tiny.prepared(ours, tiny.batch(size=16))
    for model in (theirs, ours):
        model.train()
        model.zero_grad()
        sum(model(inputs.double(), samples, mode='loss').values()).backward()
    for one, two in zip(
        theirs.student.parameters(), ours.student.parameters(), strict=True
    ):
        torch.testing.assert_close(two.grad, one.grad, rtol=1e-12, atol=1e-14)


def test_mmrazors_loss_in_a_classroom_is_mmrazors_loss(tiny, single_teacher):
    """KLDivergence itself, mapped to the mentor: equal bit by bit."""
    from distributed_cases import classroom_of_the_same

    theirs = single_teacher()
    ours = classroom_of_the_same(theirs)
    their_losses, their_gradients = run(tiny, theirs, False)
    our_losses, our_gradients = run(tiny, ours, False)
    assert set(our_losses) == set(their_losses)
    for name, loss in their_losses.items():
        assert torch.equal(our_losses[name], loss), name
    for name, gradient in their_gradients.items():
        assert torch.equal(our_gradients[name], gradient), name
