# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors that teach at every so many iterations only."""

import json

import pytest
import torch
from mmengine.logging import MessageHub

from classroomkd_mm.classroom.statistics import ROWS
from classroomkd_mm.mentors import build_mentors


@pytest.fixture
def at():
    """Set the number of the iteration, as the Runner does."""
    hub = MessageHub.get_current_instance()
    yield lambda number: hub.update_info('iter', number)
    hub.runtime_info.pop('iter', None)


HOOKS = [dict(type='mmrazor.ClassroomHook')]


def calls_of(model):
    calls = dict.fromkeys(model.mentors.names, 0)
    for mentor in model.mentors:
        mentor.running.register_forward_hook(
            lambda *_, name=mentor.name: calls.update({name: calls[name] + 1})
        )
    return calls


@pytest.fixture
def model(tiny):
    return tiny.build_classroom(dict(a=tiny.mentor(6), b=dict(tiny.mentor(8), every=3)))


def losses_at(tiny, model, at, number):
    at(number)
    inputs, samples = tiny.prepared(model, tiny.batch())
    losses = model(inputs, samples, mode='loss')
    sum(losses.values()).backward()
    return losses


def test_it_runs_in_its_iterations_only(tiny, model, at):
    calls = calls_of(model)
    for number in range(7):
        losses_at(tiny, model, at, number)
    assert calls == dict(a=7, b=3)


@pytest.mark.parametrize('filtering', [True, False])
@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_an_absent_mentor_has_no_influence(tiny, at, level, filtering):
    """Not even its weights have any."""
    found = []
    for seed in (0, 1):
        model = tiny.build_classroom(
            dict(a=tiny.mentor(6), b=dict(tiny.mentor(8), every=2)),
            distiller=dict(
                type='ClassroomDistiller',
                knowledge_filter=dict(level=level, filtering=filtering),
            ),
        )
        torch.manual_seed(seed)
        tiny.stir(model.mentors['b'].network)
        losses = losses_at(tiny, model, at, 1)
        gradients = [p.grad.clone() for p in model.student.parameters()]
        assert model.distiller.last_sums[ROWS.index('score'), 2] == 0
        losses_at(tiny, model, at, 2)
        found.append(
            (losses, gradients, model.distiller.last_sums[ROWS.index('score'), 2])
        )
    (losses, gradients, score), (others, other_gradients, other_score) = found
    for name, loss in losses.items():
        assert torch.equal(loss, others[name])
        assert loss.isfinite()
    for one, other in zip(gradients, other_gradients, strict=True):
        assert torch.equal(one, other)
    assert 0 < score != other_score > 0


def test_nobody_is_there(tiny, at):
    """The distillation loss is an exact 0 that still has a graph."""
    model = tiny.build_classroom(dict(a=dict(tiny.mentor(6), every=2)))
    losses = losses_at(tiny, model, at, 1)
    assert losses['distill.loss_classroom'] == 0
    assert losses['distill.loss_classroom'].requires_grad


def test_pose(at):
    import tiny_pose as pose

    head = pose.heatmap_head()
    mentors = dict(a=pose.mentor(), b=dict(pose.mentor(), every=2))
    model = pose.build(pose.pose_classroom(mentors, head))
    inputs, samples = pose.samples(head['decoder'])
    for number, seen in ((0, len(samples)), (1, 0)):
        at(number)
        losses = model(inputs, samples, mode='loss')
        assert all(loss.isfinite().all() for loss in losses.values())
        assert model.distiller.last_sums[ROWS.index('seen'), 2] == seen


def test_the_report_counts_where_it_was_there(tiny, tmp_path, caplog):
    mentors = dict(a=dict(tiny.mentor(6), every=1), b=dict(tiny.mentor(6), every=2))
    model = tiny.build_classroom(mentors)
    weights = model.mentors['a'].network.state_dict()
    model.mentors['b'].network.load_state_dict(weights)
    tiny.run(tmp_path, model, epochs=1, hooks=HOOKS)
    lines = (tmp_path / 'classroom.jsonl').read_text().splitlines()
    report = json.loads(lines[0])['mentors']
    assert report['b']['invalid'] == 0
    assert report['b']['taught'] < report['a']['taught']
    assert report['b']['score'] == pytest.approx(report['a']['score'], rel=0.5)
    assert 'NaN' not in caplog.text


def test_a_mapped_loss_needs_its_mentor_always(tiny):
    recorder = dict(recorder='logits', from_student=True)
    with pytest.raises(ValueError, match=r"'b'.*every 2 iterations.*'loss_l2'.*every"):
        tiny.build_classroom(
            dict(a=tiny.mentor(6), b=dict(tiny.mentor(8), every=2)),
            distiller=dict(
                type='ClassroomDistiller',
                distill_losses=dict(loss_l2=dict(type='L2Loss')),
                loss_forward_mappings=dict(
                    loss_l2=dict(
                        s_feature=recorder,
                        t_feature=dict(recorder, from_student=False, mentor='b'),
                    )
                ),
            ),
        )


@pytest.mark.parametrize(
    ('every', 'error', 'message'),
    [
        (0, ValueError, "'ann': every=0 must be at least 1"),
        (-2, ValueError, "'ann': every=-2 must be at least 1"),
        (2.5, TypeError, "'ann': every must be an int, got 2.5"),
        (True, TypeError, "'ann': every must be an int, got True"),
    ],
)
def test_bad_values(tiny, every, error, message):
    student = tiny.MODELS.build(dict(tiny.net(), _scope_='mmpretrain'))
    with pytest.raises(error, match=message):
        build_mentors(dict(ann=dict(tiny.mentor(), every=every)), student)
