# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 3: one mentor, filter and mentoring off: MMRazor's SingleTeacherDistill."""

import pytest
import torch


def single_teacher(tiny, tau):
    """MMRazor's algorithm, as its own configs write it."""
    from mmrazor.registry import MODELS

    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='SingleTeacherDistill',
            architecture=dict(tiny.net(4), _scope_='mmpretrain'),
            teacher=dict(tiny.net(6), _scope_='mmpretrain'),
            teacher_ckpt=None,
            distiller=dict(
                type='ConfigurableDistiller',
                student_recorders=dict(fc=dict(type='ModuleOutputs', source='head.fc')),
                teacher_recorders=dict(fc=dict(type='ModuleOutputs', source='head.fc')),
                distill_losses=dict(loss_kl=dict(type='KLDivergence', tau=tau)),
                loss_forward_mappings=dict(
                    loss_kl=dict(
                        preds_S=dict(from_student=True, recorder='fc'),
                        preds_T=dict(from_student=False, recorder='fc'),
                    )
                ),
            ),
        )
    )
    tiny.stir(model.student)
    tiny.stir(model.teacher)
    return model


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
def test_same_losses_and_gradients(tiny, mentoring, tau, soft):
    theirs, ours = single_teacher(tiny, tau), plain_classroom(tiny, mentoring)
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


def test_same_in_double_precision(tiny):
    theirs = single_teacher(tiny, 1).double()
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


def test_mmrazors_loss_in_a_classroom_is_mmrazors_loss(tiny):
    """KLDivergence itself, mapped to the mentor: equal bit by bit."""
    theirs = single_teacher(tiny, 4)
    ours = tiny.build_classroom(
        dict(teacher=tiny.mentor(6), unused=tiny.mentor(8)),
        distiller=dict(
            type='ClassroomDistiller',
            task_weight='constant',
            distill_losses=dict(loss_kl=dict(type='KLDivergence', tau=4)),
            loss_forward_mappings=dict(
                loss_kl=dict(
                    preds_S=dict(recorder='logits', from_student=True),
                    preds_T=dict(
                        recorder='logits', from_student=False, mentor='teacher'
                    ),
                )
            ),
        ),
    )
    ours.student.load_state_dict(theirs.student.state_dict())
    ours.mentors['teacher'].network.load_state_dict(theirs.teacher.state_dict())
    their_losses, their_gradients = run(tiny, theirs, False)
    our_losses, our_gradients = run(tiny, ours, False)
    assert set(our_losses) == set(their_losses)
    for name, loss in their_losses.items():
        assert torch.equal(our_losses[name], loss), name
    for name, gradient in their_gradients.items():
        assert torch.equal(our_gradients[name], gradient), name
