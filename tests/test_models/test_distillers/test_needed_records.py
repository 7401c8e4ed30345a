# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors stop where nobody needs more of them, and the student learns the same."""

import json

import pytest
import torch

from classroomkd_mm.models.distillers import classroom_distiller


def record(source, kind='ModuleOutputs'):
    return dict(type=kind, source=source)


def taken(recorder, mentor=None, **more):
    whose = dict(mentor=mentor) if mentor else {}
    return dict(recorder=recorder, from_student=mentor is None, **whose, **more)


FEATURES = dict(s_feature=taken('features'), t_feature=taken('features', 'a'))
L2 = dict(type='L2Loss', normalize=False, div_element=True)


def classroom(tiny, mapping=FEATURES, kind='ModuleOutputs', more=None, **distiller):
    """A mentor of the student's width, with a record before its head."""
    more = more or {}
    return tiny.build_classroom(
        dict(a=tiny.mentor(4), b=tiny.mentor(6)),
        distiller=dict(
            type='ClassroomDistiller',
            student_recorders=dict(
                logits=record('head'), features=record('backbone.conv')
            ),
            mentor_recorders=dict(
                a=dict(features=record('backbone.conv', kind), late=record('neck.gap'))
            ),
            distill_losses=dict(loss_l2=L2, **more.get('losses', {})),
            loss_forward_mappings=dict(loss_l2=mapping, **more.get('mappings', {})),
            **dict(task_weight='constant') | distiller,
        ),
    )


def step(tiny, model):
    """Losses and gradients of a batch."""
    torch.manual_seed(0)
    losses = model(*tiny.prepared(model, tiny.batch()), mode='loss')
    sum(losses.values()).backward()
    return losses, [parameter.grad for parameter in model.student.parameters()]


def layers_that_run(tiny, model, mentor='a'):
    """Names of the mentor's layers that a training step runs."""
    network, ran = model.mentors[mentor].network, []
    for name, module in network.named_modules():
        if not list(module.children()):
            module.register_forward_pre_hook(lambda *_, name=name: ran.append(name))
    step(tiny, model)
    return ran


WHOLE = ['backbone.conv', 'backbone.norm', 'backbone.relu', 'backbone.dropout',
         'neck.gap', 'head.fc']  # fmt: skip


@pytest.mark.parametrize(
    ('mapping', 'last'),
    [
        (FEATURES, 'backbone.conv'),
        (dict(FEATURES, t_feature=taken('late', 'a')), 'neck.gap'),
        (dict(s_feature=taken('logits'), t_feature=taken('logits', 'a')), 'head.fc'),
        (dict(FEATURES, t_feature=taken('features', 'a', record_idx=-1)), 'head.fc'),
    ],
    ids=['early record', 'late record', 'output', 'record from the end'],
)
def test_a_mentor_stops_after_the_last_record_that_a_loss_takes(tiny, mapping, last):
    expected = WHOLE[: WHOLE.index(last) + 1]
    assert layers_that_run(tiny, classroom(tiny, mapping)) == expected


@pytest.mark.parametrize(
    'options',
    [
        dict(task_weight='student_score'),
        dict(more=dict(losses=dict(loss_classroom=dict(type='ClassroomKDLoss')))),
        dict(
            more=dict(
                losses=dict(loss_kl=dict(type='KLDivergence')),
                mappings=dict(
                    loss_kl=dict(preds_S=taken('logits'), preds_T=taken('logits', 'a'))
                ),
            )
        ),
    ],
    ids=['scores', 'a lesson', 'its output'],
)
def test_a_mentor_runs_whole_where_somebody_needs_its_output(tiny, options):
    assert layers_that_run(tiny, classroom(tiny, **options)) == WHOLE


def test_losses_and_gradients_are_those_of_whole_mentors(tiny, monkeypatch):
    stopped = classroom(tiny)
    monkeypatch.setattr(classroom_distiller, 'needed_records', lambda *_: {})
    whole = classroom(tiny)
    for _ in range(2):
        losses, gradients = step(tiny, stopped)
        expected, expected_gradients = step(tiny, whole)
        assert losses.keys() == expected.keys()
        assert all(torch.equal(losses[name], expected[name]) for name in losses)
        pairs = zip(gradients, expected_gradients, strict=True)
        assert all(torch.equal(*pair) for pair in pairs)
    assert layers_that_run(tiny, whole) == WHOLE


def test_it_answers_whole_outside_of_a_step(tiny):
    model = classroom(tiny)
    step(tiny, model)
    images = torch.randn(2, 3, 12, 12)
    assert model.mentors['a'](images).shape == (2, 4)


def test_the_report_has_no_score_of_it(tiny, tmp_path):
    hooks = [dict(type='mmrazor.ClassroomHook')]
    tiny.run(tmp_path, classroom(tiny), epochs=1, hooks=hooks)
    (line,) = (tmp_path / 'classroom.jsonl').read_text().splitlines()
    report = json.loads(line)
    nothing = dict(
        score=None, rank=None, taught=0, weight=0, temperature=None, loss=0, invalid=0
    )
    assert report['mentors']['a'] == nothing
    assert 0 < report['mentors']['b']['score'] < 1
    assert 0 < report['student']['score'] < 1
