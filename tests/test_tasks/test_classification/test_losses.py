# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The registered parts together are classroom_loss: one implementation."""

import itertools

import pytest
import torch

from classroomkd_mm import classroom_loss
from classroomkd_mm.functional import filter_mentors, pace_mentors

SWITCHES = [
    dict(level=level, mentoring=mentoring, filtering=filtering, task_weight=weight)
    for level, mentoring, filtering, weight in itertools.product(
        ('sample', 'batch'),
        ('gap', 'off', 'dtkd', 4.0),
        (True, False),
        ('student_score', 'constant'),
    )
]


@pytest.fixture(scope='module')
def loss_module(tiny):
    from classroomkd_mm.tasks.classification import ClassroomKDLoss

    return ClassroomKDLoss


@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize('options', SWITCHES, ids=lambda o: str([*o.values()]))
def test_a_built_classroom_gives_the_numbers_of_classroom_loss(tiny, options, soft):
    model = tiny.build_classroom(
        distiller=dict(
            type='ClassroomDistiller',
            knowledge_filter=dict(
                type='KnowledgeFilter',
                level=options['level'],
                enabled=options['filtering'],
            ),
            mentoring=dict(type='Mentoring', tau_max=9, mode=options['mentoring']),
            task_weight=options['task_weight'],
        )
    )
    inputs, samples = tiny.prepared(model, tiny.batch(soft=soft))
    losses = model(inputs, samples, mode='loss')
    sum(losses.values()).backward()
    built = {name: p.grad for name, p in model.student.named_parameters()}

    # The batch norm of the student has moved, but gives the same in training mode.
    model.student.zero_grad(set_to_none=True)
    student = model.student(inputs, mode='tensor')
    mentors = [mentor(inputs) for mentor in model.mentors]
    field = 'gt_score' if soft else 'gt_label'
    labels = torch.stack([sample.get(field) for sample in samples])
    labels = labels if soft else labels[:, 0]
    out = classroom_loss(student, mentors, labels, tau_max=9, **options)
    out.total.backward()
    assert set(losses) == {'student.loss', 'distill.loss_classroom'}
    torch.testing.assert_close(losses['student.loss'], out.task_weight * out.task)
    torch.testing.assert_close(losses['distill.loss_classroom'], out.distill)
    for name, parameter in model.student.named_parameters():
        torch.testing.assert_close(parameter.grad, built[name])


def lesson_of(scores, **options):
    from classroomkd_mm.classroom import Lesson

    ranking = filter_mentors(scores)
    student, mentors = torch.randn(5, 4, requires_grad=True), list(torch.randn(2, 5, 4))
    temperatures = pace_mentors(ranking, student, mentors, **options)
    invalid = torch.zeros_like(scores, dtype=torch.bool)
    return student, mentors, Lesson(ranking, temperatures, torch.ones(()), invalid)


def test_one_loss_for_every_mentor(loss_module):
    scores = torch.tensor([[0.0], [1.0], [-1.0]]).expand(3, 5)
    student, mentors, lesson = lesson_of(scores)
    losses = loss_module()(student, mentors, lesson)
    assert losses.shape == (2,)
    assert losses[0] > 0
    assert losses[1] == 0
    ranking, taus = lesson.ranking, lesson.temperatures
    first = lesson._replace(
        ranking=ranking._replace(
            active=ranking.active[:1], weights=ranking.weights[:1]
        ),
        temperatures=taus._replace(student=taus.student[:1], mentor=taus.mentor[:1]),
    )
    alone = loss_module()(student, mentors[:1], first)
    assert torch.equal(alone, losses[:1])


def test_loss_weight(loss_module):
    student, mentors, lesson = lesson_of(torch.randn(3, 5))
    plain = loss_module()(student, mentors, lesson)
    torch.testing.assert_close(
        loss_module(loss_weight=0.25)(student, mentors, lesson), 0.25 * plain
    )


def test_silent_classroom_keeps_its_graph(loss_module):
    scores = torch.tensor([[0.0], [-1.0], [-1.0]]).expand(3, 5)
    student, mentors, lesson = lesson_of(scores)
    loss = loss_module()(student, mentors, lesson).sum()
    assert loss == 0
    loss.backward()
    assert (student.grad == 0).all()
