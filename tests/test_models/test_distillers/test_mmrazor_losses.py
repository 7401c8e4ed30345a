# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MMRazor's own losses and connectors, unmodified, between student and mentors."""

import pytest
import torch
import torch.nn.functional as F


def record(source):
    return dict(type='ModuleOutputs', source=source)


def taken(recorder, mentor=None, **more):
    return dict(recorder=recorder, from_student=mentor is None, **more) | (
        dict(mentor=mentor) if mentor else {}
    )


def classroom(tiny, losses, mappings, connectors=None, source='backbone.norm', **more):
    """A student and two mentors with the record `features` in each of them."""
    return tiny.build_classroom(
        distiller=dict(
            type='ClassroomDistiller',
            student_recorders=dict(logits=record('head'), features=record(source)),
            mentor_recorders={name: dict(features=record(source)) for name in 'ab'},
            connectors=connectors,
            distill_losses=losses,
            loss_forward_mappings=mappings,
            **more,
        )
    )


def features_of(network, inputs, source='backbone.norm'):
    """What the layer puts out, before anything changes it in place."""
    kept = []
    layer = dict(network.named_modules())[source]
    handle = layer.register_forward_hook(lambda *hook: kept.append(hook[2].clone()))
    network(inputs, mode='tensor')
    handle.remove()
    return kept[0]


def losses_of(tiny, model):
    inputs, samples = tiny.prepared(model, tiny.batch())
    model.eval()  # so that running the student again changes nothing
    return inputs, model(inputs, samples, mode='loss')


@pytest.mark.parametrize('mentor', ['a', 'b'])
def test_kl_divergence_of_one_mentor(tiny, mentor):
    model = classroom(
        tiny,
        dict(loss_kl=dict(type='KLDivergence', tau=4)),
        dict(loss_kl=dict(preds_S=taken('logits'), preds_T=taken('logits', mentor))),
    )
    inputs, losses = losses_of(tiny, model)
    student = model.student(inputs, mode='tensor')
    teacher = model.mentors[mentor](inputs)
    expected = 16 * F.kl_div(
        (student / 4).log_softmax(1), (teacher / 4).softmax(1), reduction='batchmean'
    )
    torch.testing.assert_close(losses['distill.loss_kl'], expected)


@pytest.mark.parametrize('source', ['backbone.norm', 'backbone.conv', 'neck.gap'])
def test_feature_loss_with_a_connector(tiny, source):
    model = classroom(
        tiny,
        dict(loss_fit=dict(type='L2Loss', normalize=False, div_element=True)),
        dict(
            loss_fit=dict(
                s_feature=taken('features', connector='widen'),
                t_feature=taken('features', 'b'),
            )
        ),
        dict(widen=dict(type='ConvModuleConnector', in_channel=4, out_channel=8)),
        source=source,
    )
    inputs, losses = losses_of(tiny, model)
    ours = features_of(model.student, inputs, source)
    theirs = features_of(model.mentors['b'].network, inputs, source)
    widened = model.distiller.connectors['widen'](ours)
    expected = (widened - theirs).pow(2).mean()
    torch.testing.assert_close(losses['distill.loss_fit'], expected)
    losses['distill.loss_fit'].backward()
    connector = model.distiller.connectors['widen'].parameters()
    assert all(p.grad.abs().sum() > 0 for p in connector if p.ndim > 1)


def test_recorded_features_of_a_mentor_are_not_overwritten(tiny):
    """The norm's output goes through an in-place ReLU right afterwards."""
    model = classroom(
        tiny,
        dict(loss_at=dict(type='ATLoss')),
        dict(
            loss_at=dict(s_feature=taken('features'), t_feature=taken('features', 'a'))
        ),
    )
    inputs, losses = losses_of(tiny, model)
    theirs = features_of(model.mentors['a'].network, inputs)
    assert (theirs < 0).any()
    ours = features_of(model.student, inputs)

    def attention(x):
        return F.normalize(x.pow(2).mean(1).flatten(1))

    expected = (attention(ours) - attention(theirs)).pow(2).mean()
    torch.testing.assert_close(losses['distill.loss_at'], expected)


def test_connector_on_a_mentors_output(tiny):
    model = classroom(
        tiny,
        dict(loss_l2=dict(type='L2Loss', normalize=False, div_element=True)),
        dict(
            loss_l2=dict(
                s_feature=taken('logits'),
                t_feature=taken('logits', 'a', connector='positive'),
            )
        ),
        dict(positive=dict(type='TorchFunctionalConnector', function_name='relu')),
    )
    inputs, losses = losses_of(tiny, model)
    target = model.mentors['a'](inputs).relu()
    expected = (model.student(inputs, mode='tensor') - target).pow(2).mean()
    torch.testing.assert_close(losses['distill.loss_l2'], expected)


def test_beside_the_classrooms_own_loss(tiny):
    mapping = dict(s_feature=taken('logits'), t_feature=taken('logits', 'a'))
    both = classroom(
        tiny,
        dict(loss_classroom=dict(type='ClassroomKDLoss'), loss_l2=dict(type='L2Loss')),
        dict(loss_l2=mapping),
    )
    one = tiny.build_classroom()
    _, losses = losses_of(tiny, both)
    _, expected = losses_of(tiny, one)
    for name, value in expected.items():
        assert torch.equal(losses[name], value)
    assert set(losses) - set(expected) == {'distill.loss_l2'}


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='DKDLoss'),
        dict(type='DISTLoss'),
        dict(type='WSLD', num_classes=4),
        dict(type='DistanceWiseRKD'),
        dict(type='AngleWiseRKD'),
    ],
    ids=lambda loss: loss['type'],
)
def test_the_single_teacher_losses_of_mmrazor_run_and_train(tiny, loss):
    """Those on logits: they need a mapping and nothing else."""
    names = dict(
        DISTLoss=('logits_S', 'logits_T'),
        WSLD=('student', 'teacher'),
    ).get(loss['type'], ('preds_S', 'preds_T'))
    mapping = dict(zip(names, (taken('logits'), taken('logits', 'b')), strict=True))
    recorders = dict(logits=record('head'))
    if loss['type'] in ('DKDLoss', 'WSLD'):
        recorders['labels'] = dict(type='ModuleInputs', source='head.loss_module')
        mapping['gt_labels'] = taken('labels', data_idx=1)
    model = tiny.build_classroom(
        distiller=dict(
            type='ClassroomDistiller',
            student_recorders=recorders,
            distill_losses=dict(loss=loss),
            loss_forward_mappings=dict(loss=mapping),
        )
    )
    inputs, samples = tiny.prepared(model, tiny.batch())
    losses = model(inputs, samples, mode='loss')
    assert losses['distill.loss'].ndim == 0
    losses['distill.loss'].backward()
    gradient = model.student.head.fc.weight.grad
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0
