# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Sigmoid students: scores, teaching, targets, and mentors of the other kind."""

import pytest
import torch
import torch.nn.functional as F

from classroomkd_mm.functional import bernoulli_divergence, bernoulli_log_scores

BCE = dict(type='CrossEntropyLoss', use_sigmoid=True)
LABELS = ([0, 1], [2], [], [0], [3, 1, 0], [1])


def multi_label_net(tiny, channels=4, loss=None, num_classes=4):
    head = dict(
        type='MultiLabelLinearClsHead', num_classes=num_classes, in_channels=channels
    )
    return tiny.net(channels, num_classes=num_classes) | dict(
        head=head | ({} if loss is None else dict(loss=loss))
    )


def classroom(tiny, net=None, **mentors):
    twin = dict(model=multi_label_net(tiny, 6), ckpt=None)
    return tiny.build_classroom(
        mentors or dict(m=twin), architecture=net or multi_label_net(tiny)
    )


def labelled(tiny, model, labels=LABELS):
    from mmpretrain.structures import DataSample

    data = tiny.batch(len(labels))
    # A list without labels becomes a float tensor in MMPretrain, which it trains on.
    tensors = [torch.tensor(label, dtype=torch.long) for label in labels]
    data['data_samples'] = [DataSample().set_gt_label(label) for label in tensors]
    return tiny.prepared(model, data)


def scores_of(model, inputs, samples):
    student, mentors = model.student(inputs, mode='tensor'), model.mentors(inputs)
    return student, model.distiller.scorer(student, mentors, samples).log_scores


def test_bernoulli_log_scores_are_those_of_torch():
    logits, labels = torch.randn(3, 5, 4) * 3, torch.rand(5, 4)
    expected = torch.distributions.Bernoulli(logits=logits)
    likely, unlikely = (expected.log_prob(torch.full((4,), x)) for x in (1.0, 0.0))
    scores = bernoulli_log_scores(logits, labels)
    torch.testing.assert_close(
        scores, (labels * likely + (1 - labels) * unlikely).sum(-1)
    )
    logits[1, 2, 0] = torch.nan
    assert (bernoulli_log_scores(logits, labels) == -torch.inf).nonzero().tolist() == [
        [1, 2]
    ]


def test_bernoulli_divergence_is_that_of_torch():
    student, mentor = torch.randn(2, 5, 4, dtype=torch.double) * 3
    p, q = (torch.distributions.Bernoulli(logits=x) for x in (mentor, student))
    expected = torch.distributions.kl_divergence(p, q).sum(-1)
    torch.testing.assert_close(bernoulli_divergence(student, mentor), expected)
    far = torch.tensor([[300.0, -300.0]], requires_grad=True)
    value = bernoulli_divergence(far, -far.detach())
    value.sum().backward()
    assert value.isfinite().all() and far.grad.isfinite().all()
    assert torch.autograd.gradcheck(
        lambda x: bernoulli_divergence(x, mentor), student.requires_grad_()
    )


@pytest.mark.parametrize(
    'loss',
    [
        BCE,
        dict(BCE, loss_weight=2.0),
        dict(
            type='LabelSmoothLoss',
            label_smooth_val=0.1,
            mode='multi_label',
            use_sigmoid=True,
        ),
        dict(type='LabelSmoothLoss', label_smooth_val=0.1, use_sigmoid=True),
    ],
    ids=['bce', 'weighted', 'multi_label', 'original'],
)
def test_the_score_is_the_students_own_loss(tiny, loss):
    model = classroom(tiny, multi_label_net(tiny, loss=loss)).eval()
    inputs, samples = labelled(tiny, model)
    own = model.student(inputs, samples, mode='loss')['loss']
    _, scores = scores_of(model, inputs, samples)
    torch.testing.assert_close(-scores[0].mean(), own / loss.get('loss_weight', 1))


@pytest.mark.parametrize('explicit', [False, True])
def test_a_step_teaches_each_class_by_itself(tiny, explicit):
    parts = dict(
        scorer=dict(type='ClassificationScorer'),
        distill_losses=dict(loss_kd=dict(type='ClassroomKDLoss')),
        student_recorders=dict(logits=dict(type='ModuleOutputs', source='head')),
    )
    model = tiny.build_classroom(
        dict(m=dict(model=multi_label_net(tiny, 6), ckpt=None)),
        architecture=multi_label_net(tiny),
        distiller=dict(knowledge_filter=dict(filtering=False), mentoring=dict(mode=3.0))
        | (parts if explicit else {}),
    )
    inputs, samples = labelled(tiny, model)
    losses = model(inputs, samples, mode='loss')
    loss = next(value for name, value in losses.items() if 'distill' in name)
    p, q = (
        torch.distributions.Bernoulli(logits=logits / 3)
        for logits in (model.mentors(inputs)[0], model.student(inputs, mode='tensor'))
    )
    expected = 9 * torch.distributions.kl_divergence(p, q).sum(1).mean()
    torch.testing.assert_close(loss, expected)


def test_saying_yes_to_everything_is_no_merit(tiny):
    """For a softmax, adding the same to all logits would change nothing."""
    good = multi_label_net(tiny, 6)
    model = classroom(tiny, **{n: dict(model=good, ckpt=None) for n in ('good', 'yes')})
    weights = model.mentors['good'].network.state_dict()
    model.mentors['yes'].network.load_state_dict(weights)
    model.mentors['yes'].network.head.fc.bias.data += 8
    inputs, samples = labelled(tiny, model, [[0], [1], [2], [3]])
    _, (_, good, yes) = scores_of(model, inputs, samples)
    assert good.mean() > yes.mean() + 5


def test_one_hot_integers(tiny):
    """`to_onehot` of the preprocessor gives integers."""
    net = multi_label_net(tiny)
    net['data_preprocessor']['to_onehot'] = True
    model = classroom(tiny, net)
    inputs, samples = labelled(tiny, model, [[0, 1], [2], [1], [0]])
    assert not samples[0].gt_score.is_floating_point()
    student, scores = scores_of(model, inputs, samples)
    expected = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0.0]])
    torch.testing.assert_close(scores[0], bernoulli_log_scores(student, expected))


def test_one_yes_or_no(tiny):
    model = classroom(
        tiny,
        multi_label_net(tiny, num_classes=1),
        m=dict(model=multi_label_net(tiny, 6, num_classes=1), ckpt=None),
    )
    inputs, samples = labelled(tiny, model, [[0], [], [0], []])
    student, scores = scores_of(model, inputs, samples)
    sign = torch.tensor([1, -1, 1, -1])
    torch.testing.assert_close(scores[0], F.logsigmoid(sign * student[:, 0]))
    losses = model(inputs, samples, mode='loss')
    assert all(loss.isfinite() for loss in losses.values())


def test_soft_in_one_batch_hard_in_the_next(tiny):
    """Mixup that is applied to half of the batches, or stops."""
    model = tiny.build_classroom(
        architecture=tiny.net(loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1))
    )
    for soft in (True, False, True):
        inputs, samples = tiny.prepared(model, tiny.batch(soft=soft))
        assert model(inputs, samples, mode='loss')['distill.loss_classroom'] > 0


def test_soft_and_hard_in_one_batch(tiny):
    from mmpretrain.structures import DataSample

    model = tiny.build_classroom()
    samples = [
        DataSample().set_gt_label(2),
        DataSample().set_gt_score([0.5, 0, 0, 0.5]),
    ]
    student = torch.randn(2, 4)
    scores = model.distiller.scorer(student, [student] * 2, samples).log_scores
    log_p = student.log_softmax(1)
    expected = torch.stack([log_p[0, 2], (log_p[1, 0] + log_p[1, 3]) / 2])
    torch.testing.assert_close(scores[0], expected)


def test_without_labels(tiny):
    from mmpretrain.structures import DataSample

    scorer, logits = classroom(tiny).distiller.scorer, torch.randn(2, 4)
    with pytest.raises(ValueError, match='neither gt_label nor gt_score'):
        scorer(logits, [logits], [DataSample(), DataSample()])


def test_empty_batch(tiny):
    scorer, logits = classroom(tiny).distiller.scorer, torch.randn(0, 4)
    assert scorer(logits, [logits], []).log_scores.shape == (2, 0)


def test_a_softmax_mentor_for_a_sigmoid_student_keeps_its_probabilities(tiny):
    model = classroom(tiny, m=tiny.mentor(6))
    inputs, _ = labelled(tiny, model)
    mentor = model.mentors['m']
    mentor.network.head.fc.weight.data *= 50  # sure of itself
    probabilities = mentor.network(inputs).double().softmax(1)
    assert probabilities.max() > 1 - 1e-4
    (logits,) = model.mentors(inputs)
    torch.testing.assert_close(
        logits.double().sigmoid(), probabilities, atol=1e-6, rtol=1e-4
    )
    # Where 1 - p vanishes in float32, the odds do not.
    extreme = torch.tensor([[100.0, 0.0, 1.0, -200.0]])
    odds = mentor.aligner(extreme)
    others = torch.logsumexp(extreme[:, 1:], 1)
    torch.testing.assert_close(odds[:, 0], extreme[:, 0] - others)
    assert odds.isfinite().all()


def test_a_sigmoid_mentor_for_a_softmax_student(tiny):
    """Given that one class is true, the softmax of its logits says which."""
    model = tiny.build_classroom(
        dict(m=dict(model=multi_label_net(tiny, 6), ckpt=None))
    )
    inputs, samples = tiny.prepared(model, tiny.batch())
    (logits,) = model.mentors(inputs)
    p = logits.sigmoid()
    rest = torch.stack([(1 - p).roll(-k, 1)[:, :3].prod(1) for k in range(1, 5)], 1)
    alone = p * rest
    torch.testing.assert_close(
        logits.softmax(1), alone / alone.sum(1, keepdim=True), rtol=1e-4, atol=1e-6
    )
    assert model(inputs, samples, mode='loss')['distill.loss_classroom'].isfinite()


def test_a_mentor_that_does_not_tell_is_asked(tiny):
    plain = dict(type='torchvision.models.squeezenet1_1', num_classes=4)
    with pytest.raises(
        ValueError, match="Mentor 'm'.*SqueezeNet.*likelihood='sigmoid'"
    ):
        classroom(tiny, m=dict(model=plain, ckpt=None))
    with pytest.raises(ValueError, match="Mentor 'm': likelihood='gauss'.*'softmax'"):
        classroom(tiny, m=dict(model=plain, ckpt=None, likelihood='gauss'))
    kinds = {
        kind: classroom(tiny, m=dict(model=plain, ckpt=None, likelihood=kind))
        for kind in ('sigmoid', 'softmax')
    }
    assert kinds['sigmoid'].mentors['m'].aligner is None
    assert type(kinds['softmax'].mentors['m'].aligner).__name__ == 'MarginalLogits'


def test_class_map_of_a_softmax_mentor(tiny):
    """The probabilities are those among all of the mentor's classes."""
    entry = dict(model=tiny.net(6, num_classes=7), ckpt=None, class_map=[6, 1, 0, 4])
    model = classroom(tiny, m=entry)
    inputs, _ = labelled(tiny, model)
    probabilities = model.mentors['m'].network(inputs).softmax(1)
    torch.testing.assert_close(
        model.mentors(inputs)[0].sigmoid(), probabilities[:, [6, 1, 0, 4]]
    )


def test_a_student_record_that_is_no_logits(tiny):
    recorder = dict(logits=dict(type='ModuleOutputs', source='backbone'))
    model = tiny.build_classroom(distiller=dict(student_recorders=recorder))
    inputs, samples = tiny.prepared(model, tiny.batch())
    with pytest.raises(ValueError, match='The student gives a tuple of 1.*Classifier'):
        model(inputs, samples, mode='loss')
