# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The distiller: what it teaches, and what it refuses when it is built."""

import math

import pytest
import torch
from torch import nn

from classroomkd_mm.classroom.statistics import ROWS

LOGITS = dict(recorder='logits', from_student=True)
MENTORS_LOGITS = dict(recorder='logits', from_student=False, mentor='a')


def record(source='head', kind='ModuleOutputs'):
    return dict(type=kind, source=source)


def build(tiny, **options):
    return tiny.build_classroom(distiller=dict(type='ClassroomDistiller', **options))


def mapped(**mapping):
    """A distiller with MMRazor's KLDivergence, mapped like this."""
    return dict(
        distill_losses=dict(loss_kl=dict(type='KLDivergence')),
        loss_forward_mappings=dict(loss_kl=mapping),
    )


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        # Options that do not exist, at every level.
        (
            dict(scorers={}),
            TypeError,
            r"distiller \(ClassroomDistiller\) has no option 'scorers'.*'scorer'",
        ),
        (
            dict(knowledge_filter=dict(type='KnowledgeFilter', levels='batch')),
            TypeError,
            r"distiller.knowledge_filter \(KnowledgeFilter\).*'levels'.*'level'.*"
            'filtering, level, rank_decimals',
        ),
        (
            dict(mentoring=dict(type='Mentoring', taumax=3)),
            TypeError,
            r"distiller.mentoring \(Mentoring\).*'taumax'.*'tau_max'.*mentoring",
        ),
        (
            dict(scorer=dict(type='ClassificationScorer', level='batch')),
            TypeError,
            r"distiller.scorer \(ClassificationScorer\) has no option 'level'",
        ),
        (
            dict(distill_losses=dict(loss=dict(type='ClassroomKDLoss', weight=2))),
            TypeError,
            r"Loss 'loss' \(ClassroomKDLoss\) has no option 'weight'.*loss_weight",
        ),
        (
            dict(distill_losses=dict(loss=dict(type='KLDivergence', temp=2))),
            TypeError,
            r"KLDivergence\) has no option 'temp'.*reduction, tau, teacher_detach",
        ),
        # Wrong values.
        (
            dict(knowledge_filter=dict(type='KnowledgeFilter', level='epoch')),
            ValueError,
            r"level='epoch'.*'sample', 'batch'",
        ),
        (
            dict(mentoring=dict(type='Mentoring', tau_max=-1)),
            ValueError,
            r'tau_max=-1 must not be negative',
        ),
        (
            dict(mentoring=dict(type='Mentoring', mode='soft')),
            ValueError,
            r"'soft'.*'gap', 'off', 'dtkd'",
        ),
        (dict(task_weight='none'), ValueError, r"task_weight='none'.*'student_score'"),
        (dict(output=['fc']), ValueError, r"output='fc'.*'logits'"),
        # Types that do not exist or are not given.
        (dict(scorer=dict(type='NoScorer')), KeyError, 'NoScorer'),
        (dict(scorer=dict(level='batch')), TypeError, r"ClassificationScorer.*'level'"),
        (dict(scorer='ClassificationScorer'), TypeError, r'distiller.scorer.*dict'),
        (dict(mentoring=4.0), TypeError, r'distiller.mentoring.*dict.*4\.0'),
        # Losses that MMEngine would not minimise.
        (
            dict(distill_losses=dict(kd=dict(type='ClassroomKDLoss'))),
            ValueError,
            r"'kd' must contain \"loss\"",
        ),
        # Recorders.
        (
            dict(student_recorders=dict(logits=record('head.fcc'))),
            ValueError,
            r"'logits'.*'head\.fcc'.*student.*ImageClassifier.*Similar: head\.fc",
        ),
        (
            dict(student_recorders=dict(w=record('head.fc.weights', 'Parameter'))),
            ValueError,
            r"'w'.*'head\.fc\.weights'.*Similar: head\.fc\.weight",
        ),
        (
            dict(mentor_recorders=dict(b=dict(f=record('backbone.layer9')))),
            ValueError,
            r"'f'.*'backbone\.layer9'.*mentor 'b'",
        ),
        (
            dict(mentor_recorders=dict(c=dict(f=record('backbone')))),
            KeyError,
            r"no mentor 'c' in the classroom.*a, b",
        ),
        # Mappings.
        (
            dict(distill_losses=dict(loss_kl=dict(type='KLDivergence'))),
            TypeError,
            r"'loss_kl' \(KLDivergence\).*has no preds_S, preds_T.*mentor=<name>",
        ),
        (mapped(preds_S=LOGITS), TypeError, r"'loss_kl'.*has no preds_T"),
        (
            mapped(preds_S=LOGITS, preds_T=MENTORS_LOGITS, labels=LOGITS),
            TypeError,
            r"'loss_kl'.*gives the unknown labels",
        ),
        (
            mapped(preds_S=LOGITS, preds_T=dict(MENTORS_LOGITS, mentor='x')),
            KeyError,
            r"loss_kl\.preds_T: mentor='x'.*name one of: a, b",
        ),
        (
            mapped(preds_S=LOGITS, preds_T=dict(recorder='logits', from_student=False)),
            KeyError,
            r'loss_kl\.preds_T: mentor=None.*name one of: a, b',
        ),
        (
            mapped(preds_S=dict(LOGITS, recorder='fc'), preds_T=MENTORS_LOGITS),
            KeyError,
            r"loss_kl\.preds_S: the recorder 'fc' does not exist.*logits",
        ),
        (
            mapped(preds_S=LOGITS, preds_T=dict(MENTORS_LOGITS, recorder='feat')),
            KeyError,
            r"loss_kl\.preds_T: the recorder 'feat' does not exist",
        ),
        (
            mapped(preds_S=dict(LOGITS, connector='c'), preds_T=MENTORS_LOGITS),
            KeyError,
            r"loss_kl\.preds_S: the connector 'c' does not exist.*none",
        ),
        (
            mapped(preds_S=dict(recorder='logits'), preds_T=MENTORS_LOGITS),
            TypeError,
            r'loss_kl\.preds_S needs recorder and from_student',
        ),
        (
            mapped(preds_S=dict(LOGITS, layer=3), preds_T=MENTORS_LOGITS),
            TypeError,
            r'loss_kl\.preds_S.*layer',
        ),
        (
            dict(loss_forward_mappings=dict(loss_clasroom={})),
            KeyError,
            r"loss_forward_mappings.*'loss_clasroom'.*loss_classroom",
        ),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else '',
)
def test_refused_at_build_time(tiny, options, error, message):
    with pytest.raises(error, match=f'(?s){message}'):
        build(tiny, **options)


def test_options_of_the_algorithm(tiny):
    with pytest.raises(TypeError, match=r"ClassroomDistill has no option 'teacher'"):
        tiny.build_classroom(teacher=dict())
    with pytest.raises(TypeError, match=r"'mentor'.*Did you mean 'mentors'"):
        tiny.build_classroom(mentor=dict())
    with pytest.raises(KeyError, match='NoDistiller'):
        tiny.build_classroom(distiller=dict(type='NoDistiller'))


def test_student_that_is_no_model(tiny):
    with pytest.raises(TypeError, match='BaseModel'):
        tiny.build_classroom(architecture=nn.Linear(2, 2))
    with pytest.raises(TypeError, match='network must be a model config'):
        tiny.build_classroom(architecture=dict(backbone=dict(type='TinyBackbone')))


def test_the_short_form_has_the_defaults_of_the_method(tiny):
    distiller = tiny.build_classroom().distiller
    assert type(distiller.scorer).__name__ == 'ClassificationScorer'
    assert distiller.knowledge_filter.level == 'sample'
    assert distiller.knowledge_filter.filtering
    assert distiller.mentoring.mentoring == 'gap'
    assert distiller.mentoring.tau_max == 12
    assert distiller.task_weight == 'student_score'
    assert list(distiller.distill_losses) == ['loss_classroom']


def test_config_is_not_changed(tiny):
    import copy

    cfg = tiny.classroom_config(
        distiller=dict(
            type='ClassroomDistiller',
            scorer=dict(type='ClassificationScorer'),
            distill_losses=dict(loss=dict(type='ClassroomKDLoss', loss_weight=2)),
        )
    )
    before = copy.deepcopy(cfg)
    for _ in range(2):
        tiny.MODELS.build(cfg)
        assert cfg == before


def test_only_losses_are_weighted(tiny):
    from classroomkd_mm.models.algorithms.classroom_distill import weigh_losses

    one = torch.tensor(1.0)
    weighed = weigh_losses(
        {'loss': one, 'aux_loss': [one, 2 * one], 'accuracy': one}, torch.tensor(0.5)
    )
    assert weighed == {'loss': 0.5, 'aux_loss': [0.5, 1.0], 'accuracy': 1}


def test_accuracy_of_the_head_is_logged_as_it_is(tiny):
    model = tiny.build_classroom(architecture=tiny.net(cal_acc=True))
    inputs, samples = tiny.prepared(model, tiny.batch())
    model.eval()
    accuracy = model.student(inputs, samples, mode='loss')['accuracy_top-1']
    losses = model(inputs, samples, mode='loss')
    assert losses['student.accuracy_top-1'] == accuracy


def test_broken_mentor_in_a_classroom(tiny):
    """A NaN on the way through the real components: silent there, counted."""
    model = tiny.build_classroom()
    inputs, samples = tiny.prepared(model, tiny.batch())
    network = model.mentors['b'].network
    fine = network.forward

    def broken(*arguments, **options):
        logits = fine(*arguments, **options).clone()
        logits[2] = math.nan
        return logits

    network.forward = broken
    losses = model(inputs, samples, mode='loss')
    sum(losses.values()).backward()
    assert all(p.grad.isfinite().all() for p in model.student.parameters())
    assert model.distiller.last_sums[ROWS.index('invalid')].tolist() == [0, 0, 1]


def test_broken_student_in_a_classroom(tiny):
    model = tiny.build_classroom()
    inputs, samples = tiny.prepared(model, tiny.batch())
    model.student.head.fc.bias.data[0] = math.nan
    with pytest.raises(FloatingPointError, match='student'):
        model(inputs, samples, mode='loss')


def test_mentor_with_another_number_of_outputs_is_named(tiny):
    """Of a plain module the number of classes is known only when it has run."""
    wrong = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 12, 7))
    model = tiny.build_classroom(dict(fine=tiny.mentor(), wrong=wrong))
    inputs, samples = tiny.prepared(model, tiny.batch())
    with pytest.raises(ValueError, match=r"'wrong'.*\(6, 7\).*\(6, 4\)"):
        model(inputs, samples, mode='loss')


def test_prediction_is_the_students(tiny):
    model = tiny.build_classroom()
    inputs, samples = tiny.prepared(model, tiny.batch(), training=False)
    model.eval()
    assert torch.equal(
        model(inputs, mode='tensor'), model.student(inputs, mode='tensor')
    )
    predicted = model(inputs, samples, mode='predict')
    assert [s.pred_label for s in predicted] == [
        s.pred_label for s in model.student(inputs, samples, mode='predict')
    ]


def test_stopped_distillation_is_plain_training(tiny):
    model = tiny.build_classroom()
    inputs, samples = tiny.prepared(model, tiny.batch())
    model.eval()
    model.distillation_stopped = True
    model.mentors = None  # nobody asks them
    losses = model(inputs, samples, mode='loss')
    plain = model.student(inputs, samples, mode='loss')
    assert losses == {'student.loss': plain['loss']}


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16], ids=str)
def test_mixed_precision(tiny, dtype):
    """Under autocast the method itself stays in float32."""
    model = tiny.build_classroom()
    inputs, samples = tiny.prepared(model, tiny.batch())
    full = model(inputs, samples, mode='loss')
    with torch.autocast('cpu', dtype=dtype):
        half = model(inputs, samples, mode='loss')
    for name, loss in half.items():
        assert loss.dtype == torch.float32
        torch.testing.assert_close(loss, full[name], rtol=0.1, atol=0.05)
    sum(half.values()).backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
