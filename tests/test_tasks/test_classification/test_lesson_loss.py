# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""LessonLoss: any loss of one teacher, weighted and paced as the method's own."""

import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from classroomkd_mm.functional import (
    Scores,
    cross_entropy_log_scores,
    filter_mentors,
    pace_mentors,
    plan_lesson,
)

few = settings(max_examples=10, deadline=None)
CLASSES = 5
# Losses of single samples, and losses that compare samples.
SINGLE = {
    'KLDivergence': {},
    'KDSoftCELoss': {},
    'CrossEntropyLoss': {},
    'DKDLoss': dict(alpha=0.5, beta=2.0),
    'WSLD': dict(num_classes=CLASSES),
    'L1Loss': {},
    'L2Loss': dict(normalize=True),
}
RELATIONAL = ('DISTLoss', 'DistanceWiseRKD', 'AngleWiseRKD')


@pytest.fixture(scope='module')
def losses(tiny):
    from classroomkd_mm.tasks import classification

    return classification


@pytest.fixture(scope='module')
def build(losses, tiny):
    def lesson_loss(kind, per='sample', **options):
        return losses.LessonLoss(dict(type=kind, **options), per)

    return lesson_loss


def classroom(tiny, n=3, N=6, seed=0, mentoring='gap', **filtering):
    """Student, mentors that are partly ahead of it, labels, and a lesson."""
    generator = torch.Generator().manual_seed(seed)
    student = torch.randn(N, CLASSES, generator=generator)
    mentors = 2 * torch.randn(n, N, CLASSES, generator=generator)
    labels = torch.randint(CLASSES, (N,), generator=generator)
    mentors[0, range(N), labels] += 4
    samples = [tiny.DataSample().set_gt_label(label) for label in labels]
    lesson = plan_lesson(
        student,
        list(mentors),
        samples,
        scorer=lambda s, m, _: Scores(
            cross_entropy_log_scores(torch.stack([s, *m]), labels)
        ),
        knowledge_filter=lambda scores: filter_mentors(scores, **filtering),
        mentoring=lambda *members: pace_mentors(*members, mentoring),
    )
    return student.requires_grad_(), list(mentors), labels, lesson


def value_and_gradient(loss, student, mentors, lesson):
    value = loss(student, mentors, lesson)
    (gradient,) = torch.autograd.grad(value.sum(), student)
    return value.detach(), gradient


def call(loss, student, mentor, labels):
    """MMRazor's own loss on a batch, its labels in the place where it takes them."""
    takes = 'gt_labels' in loss.forward.__code__.co_varnames
    return loss(student, mentor, *((labels,) if takes else ()))


@pytest.mark.parametrize('mentoring', ['gap', 'off', 'dtkd', 3.0])
@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_with_kl_it_is_the_loss_of_the_classroom(tiny, losses, build, level, mentoring):
    student, mentors, _, lesson = classroom(tiny, level=level, mentoring=mentoring)
    mentors[2][1] = math.nan
    lesson.ranking.active[2, 1] = False
    lesson.ranking.weights[2, 1] = 0
    own = value_and_gradient(losses.ClassroomKDLoss(), student, mentors, lesson)
    kl = value_and_gradient(build('KLDivergence'), student, mentors, lesson)
    for one, two in zip(own, kl, strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize('kind', SINGLE)
def test_each_sample_is_a_batch_of_one_at_its_temperature(tiny, build, kind):
    """The definition, with a loop over MMRazor's own loss."""
    from mmrazor.registry import MODELS

    student, mentors, labels, lesson = classroom(tiny)
    value, gradient = value_and_gradient(
        build(kind, **SINGLE[kind]), student, mentors, lesson
    )
    assert lesson.ranking.active.any()
    expected = torch.zeros(3)
    for m, i in lesson.ranking.active.nonzero().tolist():
        options = dict(SINGLE[kind])
        if kind not in ('CrossEntropyLoss', 'L1Loss', 'L2Loss'):
            options['tau'] = lesson.temperatures.mentor[m, i].item()
        theirs = MODELS.build(dict(type=kind, **options))
        sample = slice(i, i + 1)
        term = call(theirs, student[sample], mentors[m][sample], labels[sample])
        expected[m] = expected[m] + lesson.ranking.weights[m, i] * term / 6
    torch.testing.assert_close(value, expected.detach(), rtol=1e-5, atol=1e-6)
    (wanted,) = torch.autograd.grad(expected.sum(), student)
    torch.testing.assert_close(gradient, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize('kind', ['KLDivergence', 'DKDLoss', 'DISTLoss'])
@pytest.mark.parametrize('per', ['sample', 'batch'])
def test_a_tau_of_its_own_is_kept(tiny, build, kind, per):
    if kind == 'DISTLoss' and per == 'sample':
        per = 'batch'
    student, mentors, _, lesson = classroom(tiny)
    fixed = classroom(tiny, mentoring=2.0)[-1]
    own = value_and_gradient(build(kind, per, tau=2.0), student, mentors, lesson)
    paced = value_and_gradient(build(kind, per), student, mentors, fixed)
    for one, two in zip(own, paced, strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize('kind', [*SINGLE, *RELATIONAL])
def test_one_teacher_per_batch_is_the_loss_of_mmrazor_bit_for_bit(tiny, build, kind):
    from mmrazor.registry import MODELS

    options = SINGLE.get(kind, {})
    student, mentors, labels, lesson = classroom(
        tiny, n=1, filtering=False, mentoring='off'
    )
    value, gradient = value_and_gradient(
        build(kind, 'batch', **options), student, mentors, lesson
    )
    theirs = MODELS.build(dict(type=kind, **options))
    expected = call(theirs, student, mentors[0], labels)
    assert torch.equal(value[0], expected.detach())
    assert torch.equal(gradient, *torch.autograd.grad(expected, student))


@pytest.mark.parametrize('kind', RELATIONAL)
def test_per_batch_is_the_loss_of_the_active_samples(tiny, build, kind):
    """Three of six are active: the batch is these three, twice."""
    from mmrazor.registry import MODELS

    student, mentors, labels, lesson = classroom(tiny, n=1, mentoring=2.0)
    active = torch.tensor([[True, False, True, True, False, False]])
    weights = torch.rand(1, 6) * active
    lesson = lesson._replace(
        ranking=lesson.ranking._replace(active=active, weights=weights)
    )
    loss = build(kind, 'batch')
    value, gradient = value_and_gradient(loss, student, mentors, lesson)
    options = dict(tau=2.0) if loss.paced else {}
    theirs = MODELS.build(dict(type=kind, **options))
    places = [0, 2, 3, 0, 2, 3]
    expected = theirs(student[places], mentors[0][places]) * weights.sum() / 6
    torch.testing.assert_close(value[0], expected.detach())
    (wanted,) = torch.autograd.grad(expected, student)
    torch.testing.assert_close(gradient, wanted)
    assert (gradient[[1, 4, 5]] == 0).all()


@pytest.mark.parametrize(
    ('kind', 'per'),
    [*((kind, 'sample') for kind in SINGLE), *((kind, 'batch') for kind in RELATIONAL)],
)
@pytest.mark.parametrize('bad', [math.nan, math.inf, 1e30])
def test_an_inactive_mentor_contributes_nothing(tiny, build, kind, per, bad):
    loss = build(kind, per, **SINGLE.get(kind, {}))
    student, mentors, _, lesson = classroom(tiny)
    active = lesson.ranking.active.clone()
    active[:, 1], active[1] = False, False  # a sample of all, and a mentor throughout
    ranking = lesson.ranking._replace(
        active=active, weights=lesson.ranking.weights * active
    )
    lesson = lesson._replace(ranking=ranking)
    value, gradient = value_and_gradient(loss, student, mentors, lesson)
    spoilt = [
        logits.masked_fill(~each[:, None], bad)
        for logits, each in zip(mentors, active, strict=True)
    ]
    for one, two in zip(
        (value, gradient),
        value_and_gradient(loss, student, spoilt, lesson),
        strict=True,
    ):
        assert torch.equal(one, two)
    assert value[0] != 0
    assert value[1] == 0
    assert (gradient[1] == 0).all()


@pytest.mark.parametrize('per', ['sample', 'batch'])
@pytest.mark.parametrize('kind', ['KLDivergence', 'DKDLoss'])
def test_empty_batch(tiny, build, kind, per):
    student, mentors, _, lesson = classroom(tiny, N=0)
    value, gradient = value_and_gradient(build(kind, per), student, mentors, lesson)
    assert (value == 0).all()
    assert gradient.shape == (0, CLASSES)


@few
@given(st.integers(0, 2**20), st.permutations(range(3)))
def test_the_order_of_mentors_does_not_matter(tiny, build, seed, order):
    student, mentors, _, lesson = classroom(tiny, seed=seed)

    def ordered(pair):
        return pair._replace(
            **{
                name: getattr(pair, name)[order]
                for name in ('active', 'weights', 'mentor', 'student')
                if hasattr(pair, name)
            }
        )

    loss = build('DKDLoss')
    value = loss(student, mentors, lesson)
    again = loss(
        student,
        [mentors[m] for m in order],
        lesson._replace(
            ranking=ordered(lesson.ranking), temperatures=ordered(lesson.temperatures)
        ),
    )
    torch.testing.assert_close(again, value[order])


@pytest.mark.parametrize(
    ('kind', 'per', 'error', 'message'),
    [
        ('DISTLoss', 'sample', ValueError, r"DISTLoss.*not a mean.*per='batch'"),
        ('AngleWiseRKD', 'sample', ValueError, r'AngleWiseRKD.*not a mean'),
        ('DistanceWiseRKD', 'sample', ValueError, r'DistanceWiseRKD for each sample.*'),
        ('CRDLoss', 'sample', TypeError, r'CRDLoss.*data_samples.*once for each'),
        ('OnehotLikeLoss', 'sample', TypeError, r'OnehotLikeLoss.*preds_T'),
        ('MGDLoss', 'sample', ValueError, r'MGDLoss.*loss_forward_mappings'),
        ('DKDLoss', 'samples', ValueError, r"per='samples'.*'sample', 'batch'"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tiny, kind, per, error, message):
    small = dict(neg_num=4, sample_n=16, dim_out=8) if kind == 'CRDLoss' else {}
    loss = dict(type='LessonLoss', per=per, loss=dict(type=kind, **small))
    with pytest.raises(error, match=message):
        tiny.build_classroom(distiller=dict(distill_losses=dict(loss=loss)))


@pytest.mark.parametrize(
    ('loss', 'message'),
    [
        (dict(type='KLDivergence', reduction='sum'), 'not a mean over samples'),
        (dict(type='KLDivergence', reduction='none'), r'single number.*batchmean'),
        (dict(type='WSLD', num_classes=3), r'WSLD'),
    ],
)
def test_options_that_do_not_fit_are_refused(tiny, loss, message):
    with pytest.raises(ValueError, match=message):
        tiny.build_classroom(
            distiller=dict(
                distill_losses=dict(loss=dict(type='LessonLoss', loss=loss))
            ),
            dry_run=False,
        )


def test_soft_labels_are_refused_when_the_classroom_is_built(tiny):
    architecture = tiny.net()
    architecture['data_preprocessor']['batch_augments'] = dict(
        augments=dict(type='Mixup', alpha=0.8)
    )
    loss = dict(type='LessonLoss', loss=dict(type='DKDLoss'))
    with pytest.raises(ValueError, match=r'DKDLoss takes one label.*soft labels'):
        tiny.build_classroom(
            architecture=architecture,
            distiller=dict(distill_losses=dict(loss=loss)),
        )


def classroom_with_dist(tiny, mentoring, **options):
    """DIST in the place of a KL divergence."""
    loss = dict(type='LessonLoss', per='batch', loss=dict(type='DISTLoss', **options))
    return tiny.build_classroom(
        distiller=dict(
            mentoring=dict(type='Mentoring', mentoring=mentoring),
            distill_losses=dict(loss=loss),
        ),
        dry_run=False,
    )


@pytest.mark.parametrize('mentoring', ['gap', 'dtkd'])
def test_a_pace_that_would_weigh_the_mentors_is_refused(tiny, mentoring):
    """Its gradient grows with τ²: with the pace, ResNet8 fell behind itself alone."""
    with (
        torch.no_grad(),
        pytest.raises(
            ValueError, match=r'DISTLoss is more than 4 times.*tau=4\.0.*mentoring=4\.0'
        ),
    ):
        classroom_with_dist(tiny, mentoring)


@pytest.mark.parametrize(
    ('mentoring', 'options'), [('gap', dict(tau=4.0)), (4.0, {}), ('off', {})]
)
def test_with_one_temperature_it_teaches(tiny, mentoring, options):
    classroom_with_dist(tiny, mentoring, **options)


@pytest.mark.parametrize('kind', ['KLDivergence', 'KDSoftCELoss', 'DKDLoss', 'WSLD'])
def test_a_pace_weighs_no_loss_that_compares_divergences(tiny, kind):
    options = dict(num_classes=4) if kind == 'WSLD' else {}
    loss = dict(type='LessonLoss', loss=dict(type=kind, **options))
    model = tiny.build_classroom(
        distiller=dict(
            mentoring=dict(type='Mentoring', mentoring='gap'),
            distill_losses=dict(loss=loss),
        )
    )
    assert model.distiller.distill_losses['loss'].paced


def test_a_loss_without_a_gradient_is_not_called_one_that_grows(tiny):
    from classroomkd_mm.tasks.classification.loss_trial import reject_growing

    reject_growing('Mine', lambda x, tau: tau * x.detach().mean(), torch.randn(2, 4))


def test_records_are_not_weighed_by_a_pace_either(tiny):
    loss = dict(type='LessonLoss', per='batch', loss=dict(type='DISTLoss'))
    mapping = dict(
        logits_S=dict(recorder='logits', from_student=True),
        logits_T=dict(recorder='logits', from_student=False),
    )
    with pytest.raises(ValueError, match='DISTLoss is more than 4 times'):
        tiny.build_classroom(
            distiller=dict(
                distill_losses=dict(loss=loss),
                loss_forward_mappings=dict(loss=mapping),
            )
        )


def classroom_of_sigmoids(tiny, **loss):
    architecture = tiny.net()
    architecture['head'].update(type='MultiLabelLinearClsHead')
    return tiny.build_classroom(
        architecture=architecture,
        distiller=dict(distill_losses=dict(loss=dict(type='LessonLoss', **loss))),
    )


@pytest.mark.parametrize(
    ('per', 'kind'),
    [('sample', 'KLDivergence'), ('sample', 'DKDLoss'), ('batch', 'DISTLoss')],
)
def test_a_loss_of_softmaxes_is_refused_for_sigmoids(tiny, per, kind):
    with pytest.raises(ValueError, match=rf'{kind} compares.*sigmoid.*ClassroomKDLoss'):
        classroom_of_sigmoids(tiny, per=per, loss=dict(type=kind))


@pytest.mark.parametrize(
    ('per', 'loss'),
    [
        ('sample', dict(type='L1Loss', reduction='mean')),
        ('batch', dict(type='DistanceWiseRKD')),
    ],
)
def test_other_losses_teach_sigmoids(tiny, per, loss):
    classroom_of_sigmoids(tiny, per=per, loss=loss)


class Weighted(nn.Module):
    """A loss of a user, with other names."""

    def forward(self, ours, theirs, strength=2.0):
        return strength * (ours - theirs).abs().sum(1).mean()


def test_a_built_loss_of_the_user(tiny, losses):
    student, mentors, _, lesson = classroom(tiny)
    value = losses.LessonLoss(Weighted())(student, mentors, lesson)
    for m in range(3):
        terms = 2 * (student - mentors[m]).abs().sum(1)
        torch.testing.assert_close(value[m], (lesson.ranking.weights[m] * terms).mean())


# Features -----------------------------------------------------------------------


def with_features(tiny, loss, mapping=None, mentors=None, **distiller):
    """A classroom whose mentors have 6 and 8 channels, the student 4."""

    def record(source):
        return dict(type='ModuleOutputs', source=source)

    features = dict(features=record('backbone.norm'))
    return tiny.build_classroom(
        mentors,
        distiller=dict(
            student_recorders=dict(logits=record('head'), **features),
            mentor_recorders={name: features for name in 'ab'},
            connectors={
                f'to_{name}': dict(
                    type='ConvModuleConnector', in_channel=4, out_channel=channels
                )
                for name, channels in dict(a=6, b=8).items()
            },
            distill_losses=dict(loss_features=loss),
            loss_forward_mappings=dict(
                loss_features=mapping
                or dict(
                    s_feature=dict(
                        recorder='features', from_student=True, connector='to_{mentor}'
                    ),
                    t_feature=dict(recorder='features', from_student=False),
                )
            ),
            **distiller,
        ),
    )


def spied(tiny, model):
    """The distillation losses of a step, its records and its lesson."""
    seen = {}
    loss = model.distiller.distill_losses['loss_features']
    inner = loss.recorded_losses

    def recorded_losses(records, lesson):
        seen.update(records=records, lesson=lesson)
        return inner(records, lesson)

    loss.recorded_losses = recorded_losses
    inputs, samples = tiny.prepared(model, tiny.batch())
    found = model.train()(inputs, samples, mode='loss')
    sum(found.values()).backward()
    return found['distill.loss_features'], samples, seen['records'], seen['lesson']


def test_features_have_a_connector_for_each_mentor(tiny):
    loss = dict(type='LessonLoss', loss=dict(type='L2Loss', div_element=True))
    value, _, records, lesson = spied(tiny, model := with_features(tiny, loss))
    assert [r['s_feature'].shape[1] for r in records] == [6, 8]
    expected = 0
    for record, weights in zip(records, lesson.ranking.weights, strict=True):
        ours, theirs = (
            torch.nn.functional.normalize(record[key].flatten(1), dim=1)
            for key in ('s_feature', 't_feature')
        )
        expected += (weights * (ours - theirs).square().mean(1)).mean()
    torch.testing.assert_close(value, expected)
    for connector in model.distiller.connectors.values():
        assert any(p.grad.abs().sum() > 0 for p in connector.parameters())


@pytest.mark.parametrize(
    ('change', 'error', 'message'),
    [
        (dict(s_feature=dict(connector='to_{name}')), KeyError, r"'to_\{name\}'.*to_a"),
        (dict(t_feature=dict(mentor='a')), TypeError, r'no mentor.*every mentor'),
        (dict(t_feature=dict(recorder='logit')), KeyError, r"recorder 'logit'"),
        (dict(s_feature=dict(from_student=False)), TypeError, r'from_student=True'),
    ],
)
def test_wrong_mappings(tiny, change, error, message):
    mapping = dict(
        s_feature=dict(recorder='features', from_student=True, connector='to_{mentor}'),
        t_feature=dict(recorder='features', from_student=False),
    )
    mapping = {key: {**mapping[key], **change.get(key, {})} for key in mapping}
    with pytest.raises(error, match=message):
        with_features(tiny, dict(type='LessonLoss', loss=dict(type='L2Loss')), mapping)


def test_features_of_a_mentor_that_is_absent_at_times(tiny):
    loss = dict(type='LessonLoss', loss=dict(type='L2Loss'))
    mentors = dict(a=tiny.mentor(6), b=dict(tiny.mentor(8), every=2))
    with pytest.raises(ValueError, match=r"'b'.*every 2 iterations.*'loss_features'"):
        with_features(tiny, loss, mentors=mentors)


def test_arguments_that_do_not_exist(tiny):
    with pytest.raises(TypeError, match=r'must give s_feature and t_feature.*preds_S'):
        with_features(
            tiny,
            dict(type='LessonLoss', loss=dict(type='L2Loss')),
            dict(preds_S=dict(recorder='features', from_student=True)),
        )


def test_features_that_are_compared_over_the_batch(tiny):
    loss = dict(type='LessonLoss', loss=dict(type='PKDLoss'))
    mapping = dict(
        preds_S=dict(recorder='features', from_student=True, connector='to_{mentor}'),
        preds_T=dict(recorder='features', from_student=False),
    )
    with pytest.raises(ValueError, match=r"PKDLoss.*not a mean.*per='batch'"):
        with_features(tiny, loss, mapping)
    with_features(tiny, dict(loss, per='batch'), mapping)


# The feature term of CA-MKD -----------------------------------------------------


def test_feature_term_of_camkd(tiny):
    """Written down again, sample by sample."""
    loss = dict(type='ConfidentFeatureLoss', loss_weight=3.0)
    model = with_features(tiny, loss, knowledge_filter=dict(filtering=False))
    value, samples, records, _ = spied(tiny, model)
    total, N = 0.0, len(samples)
    for i, sample in enumerate(samples):
        costs, errors = [], []
        for name, record in zip('ab', records, strict=True):
            ours, theirs = record['s_feature'][i].detach(), record['t_feature'][i]
            logits = model.mentors[name].network.head.fc(ours.mean(dim=(1, 2)))
            costs.append(-logits.log_softmax(0)[sample.gt_label.item()].item())
            errors.append((ours - theirs).square().mean().item())
        doubt = [math.exp(cost) / sum(map(math.exp, costs)) for cost in costs]
        total += sum(2 * (1 - d) / 1 * e for d, e in zip(doubt, errors, strict=True))
    assert value.item() == pytest.approx(3 * total / N, rel=1e-5)


def test_feature_term_needs_features_and_a_classifier(tiny):
    loss = dict(type='ConfidentFeatureLoss')
    with pytest.raises(TypeError, match=r'map s_feature and t_feature'):
        tiny.build_classroom(distiller=dict(distill_losses=dict(loss=loss)))
    with pytest.raises(ValueError, match=r"mentor 'a'.*no module 'linear'"):
        with_features(tiny, dict(loss, classifier='linear'))
    with pytest.raises(ValueError, match=r"mentor 'a'.*has BatchNorm2d"):
        with_features(tiny, dict(loss, classifier='backbone.norm'))


@pytest.mark.parametrize('cells', [1, 2])
def test_a_classifier_of_several_cells_in_another_order_of_classes(tiny, cells):
    """What the mentor itself makes of its features, in the student's classes."""
    from classroomkd_mm.tasks.classification.confident_feature_loss import _Classifier

    network = torch.nn.Sequential(
        torch.nn.AvgPool2d(4 // cells),
        torch.nn.Flatten(),
        torch.nn.Linear(6 * cells**2, 4),
    )
    mentor = SimpleNamespace(
        name='a', network=network, aligner=lambda logits: logits[:, [3, 2, 1, 0]]
    )
    classify = _Classifier(mentor, '2')
    features = torch.randn(3, 6, 4, 4)
    torch.testing.assert_close(classify(features), network(features).flip(1))
    with pytest.raises(ValueError, match=r"mentor 'a' takes .*\(3, 5, 4, 4\)"):
        classify(features[:, :5])


def test_maps_of_a_pose_model(tiny):
    """CWD between heatmaps, each person weighted by its rank."""
    import tiny_pose as pose
    from mmrazor.models.losses import ChannelWiseDivergence

    loss = dict(type='LessonLoss', loss=dict(type='ChannelWiseDivergence', tau=2.0))
    config = pose.pose_classroom(dict(a=pose.mentor(), b=pose.mentor()))
    config['distiller'] = dict(distill_losses=dict(loss_cwd=loss))
    model = pose.build(config)
    inputs, samples = pose.samples(pose.heatmap_head()['decoder'])
    seen, teach = {}, model.distiller.taught

    def taught(name, student_output, mentor_outputs, lesson):
        seen.update(maps=(student_output, mentor_outputs), lesson=lesson)
        return teach(name, student_output, mentor_outputs, lesson)

    model.distiller.taught = taught
    value = model.train()(inputs, samples, mode='loss')['distill.loss_cwd']
    student, mentors = seen['maps']
    expected = sum(
        weight * ChannelWiseDivergence(tau=2.0)(student[i : i + 1], maps[i : i + 1])
        for maps, weights in zip(mentors, seen['lesson'].ranking.weights, strict=True)
        for i, weight in enumerate(weights)
        if weight > 0
    ) / len(student)
    torch.testing.assert_close(value, expected)


def test_a_relational_loss_of_maps_is_refused(tiny):
    import tiny_pose as pose

    config = pose.pose_classroom(dict(a=pose.mentor(), b=pose.mentor()))
    loss = dict(type='LessonLoss', loss=dict(type='PKDLoss'))
    config['distiller'] = dict(distill_losses=dict(loss=loss))
    with pytest.raises(ValueError, match=r"PKDLoss.*not a mean.*per='batch'"):
        pose.build(config)
