# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Every head and loss that MMPretrain registers: it works, or is refused by name."""

import pytest
import torch
from torch import nn

CHANNELS = 4  # as many as classes, for the heads that have no layer of their own
SOFTMAX, SIGMOID = 'softmax', 'sigmoid'

# Options besides num_classes and in_channels; 'tokens' and 'map' name what it reads.
WORKING = {
    'ClsHead': (SOFTMAX, 'vector', None),
    'LinearClsHead': (SOFTMAX, 'vector', {}),
    'StackedLinearClsHead': (SOFTMAX, 'vector', dict(mid_channels=[6])),
    'VisionTransformerClsHead': (SOFTMAX, 'vector', dict(hidden_dim=5)),
    'VigClsHead': (SOFTMAX, 'vector', dict(hidden_dim=5)),
    'EfficientFormerClsHead': (SOFTMAX, 'vector', dict(distillation=False)),
    'LeViTClsHead': (SOFTMAX, 'vector', dict(distillation=False)),
    'ArcFaceClsHead': (SOFTMAX, 'vector', dict(num_subcenters=2, scale=8.0)),
    'DeiTClsHead': (SOFTMAX, 'tokens', {}),
    'ConformerHead': (SOFTMAX, 'tokens', dict(in_channels=[CHANNELS] * 2)),
    'MultiLabelClsHead': (SIGMOID, 'vector', None),
    'MultiLabelLinearClsHead': (SIGMOID, 'vector', {}),
    'CSRAClsHead': (SIGMOID, 'map', dict(num_heads=2, lam=0.1)),
}
REFUSED = dict.fromkeys(
    """BEiTV1Head BEiTV2Head CAEHead ContrastiveHead GroundingHead ITCHead ITMHead
    LatentCrossCorrelationHead LatentPredictHead MAEPretrainHead MIMHead
    MixMIMPretrainHead MoCoV3Head SeqGenerationHead SimMIMHead SparKPretrainHead
    SwAVHead VQAGenerationHead iTPNClipHead""".split(),
    'does not predict the classes of an image',
) | {'MultiTaskHead': 'contains several heads'}

BCE = dict(type='CrossEntropyLoss', use_sigmoid=True)
LOSSES = {
    'CrossEntropyLoss': [({}, SOFTMAX), (dict(use_soft=True), SOFTMAX), (BCE, SIGMOID)],
    'LabelSmoothLoss': [
        (dict(label_smooth_val=0.1), SOFTMAX),
        (dict(label_smooth_val=0.1, use_sigmoid=True), SIGMOID),
        (dict(label_smooth_val=0.1, mode='multi_label', use_sigmoid=True), SIGMOID),
    ],
    'FocalLoss': [({}, SIGMOID)],
    'AsymmetricLoss': [({}, SIGMOID), (dict(use_sigmoid=False), SOFTMAX)],
    'SeesawLoss': [(dict(num_classes=4), SOFTMAX)],
    'CAELoss': [(dict(lambd=1), None)],
    'CosineSimilarityLoss': [({}, None)],
    'CrossCorrelationLoss': [({}, None)],
    'PixelReconstructionLoss': [(dict(criterion='L1'), None)],
    'SwAVLoss': [(dict(feat_dim=4), None)],
}


def registered(part):
    """Names of the classes that MMPretrain registers from one of its packages."""
    from mmpretrain.registry import MODELS

    place = f'mmpretrain.models.{part}.'
    modules = {name: cls.__module__ for name, cls in MODELS.module_dict.items()}
    return {name for name, module in modules.items() if module.startswith(place)}


def test_the_tables_name_all_heads_and_losses(tiny):
    assert {*WORKING, *REFUSED} == registered('heads')
    assert set(LOSSES) == registered('losses')


@pytest.fixture(scope='module')
def tokens(tiny):
    """A backbone that gives two vectors, as DeiT and Conformer do."""

    @tiny.MMPRETRAIN_MODELS.register_module(force=True)
    class TwoTokens(tiny.TinyBackbone):
        def forward(self, x):
            token = super().forward(x)[0].mean(dim=(2, 3))
            return ([token, token.flip(1)],)


def net_of(tiny, name):
    """Config of a classifier with a head."""
    kind, reads, options = WORKING[name]
    net = tiny.net(CHANNELS)
    if options is None:
        net['head'] = dict(type=name)
    else:
        shape = dict(num_classes=tiny.NUM_CLASSES, in_channels=CHANNELS)
        net['head'] = dict(type=name, **(shape | options))
    if reads != 'vector':
        net['neck'] = None
    if reads == 'tokens':
        net['backbone']['type'] = 'TwoTokens'
    if kind == SIGMOID:
        net['data_preprocessor']['to_onehot'] = True
    return net


def likelihood(network):
    from classroomkd_mm.tasks.classification.likelihood import likelihood_of

    return likelihood_of(network, "Mentor 'm'")


@pytest.mark.parametrize('name', WORKING)
def test_a_student_and_its_twin_get_the_same_scores(tiny, tokens, name):
    """A margin or a branch of one of them only would make them differ."""
    net = net_of(tiny, name)
    twins = dict(twin=dict(model=net, ckpt=None), other=tiny.mentor(6))
    model = tiny.build_classroom(twins, architecture=net)
    weights = model.student.state_dict()
    model.mentors['twin'].network.load_state_dict(weights)
    model.student.backbone.norm.eval()  # else the batch's statistics tell them apart
    for module in model.student.head.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.eval()
    inputs, samples = tiny.prepared(model, tiny.batch())
    losses = model(inputs, samples, mode='loss')
    sums = model.distiller.last_sums
    assert sums.isfinite().all()
    sum(losses.values()).backward()
    grads = [p.grad for p in model.student.parameters() if p.grad is not None]
    assert grads and all(grad.isfinite().all() for grad in grads)
    kind = WORKING[name][0]
    assert likelihood(model.student) == kind
    assert model.distiller.scorer.likelihood == kind
    with model.distiller.student_recorders:
        model.student(inputs, samples, mode='loss')
    recorder = model.distiller.student_recorders.get_recorder('logits')
    student = recorder.get_record_data()
    twin, other = model.mentors(inputs)
    assert student.requires_grad
    torch.testing.assert_close(student, twin)
    scores = model.distiller.scorer(student, [twin, other], samples).log_scores
    torch.testing.assert_close(scores[0], scores[1])
    assert not torch.allclose(scores[0], scores[2])
    # What is scored is what the student predicts.
    model.student.eval()
    predictions = model.student(inputs, mode='predict')
    predicted = torch.stack([sample.pred_score for sample in predictions])
    answer = student.softmax(1) if kind == SOFTMAX else student.sigmoid()
    torch.testing.assert_close(predicted, answer)


@pytest.mark.parametrize('name', WORKING)
def test_as_a_mentor(tiny, tokens, name):
    model = tiny.build_classroom(dict(m=dict(model=net_of(tiny, name), ckpt=None)))
    inputs, samples = tiny.prepared(model, tiny.batch())
    losses = model(inputs, samples, mode='loss')
    assert all(loss.isfinite() for loss in losses.values())
    assert model.mentors(inputs)[0].shape == (6, tiny.NUM_CLASSES)


def with_head(tiny, name):
    """A classifier whose head is of a class; nothing but the class is asked."""
    from mmpretrain.registry import MODELS

    network = tiny.build_classroom().student
    cls = MODELS.get(name)
    network.head = cls.__new__(cls)
    nn.Module.__init__(network.head)
    if name == 'MultiTaskHead':
        network.head.task_heads = nn.ModuleDict(dict(colour=nn.Identity()))
    return network


@pytest.mark.parametrize('name', REFUSED)
def test_other_heads_are_refused(tiny, name):
    with pytest.raises(ValueError, match=f"Mentor 'm' .*{name}.*{REFUSED[name]}"):
        likelihood(with_head(tiny, name))


CASES = [(name, *case) for name, cases in LOSSES.items() for case in cases]


@pytest.mark.parametrize(('name', 'options', 'kind'), CASES)
def test_losses(tiny, name, options, kind):
    def build():
        loss = dict(type=name) | options
        return tiny.build_classroom(architecture=tiny.net(loss=loss))

    if kind is None:
        with pytest.raises(
            ValueError, match=f'The student has a {name}.*Supported are'
        ):
            build()
        return
    model = build()
    assert likelihood(model.student) == kind
    assert model.distiller.distill_losses['loss_classroom'].likelihood == kind


def test_a_multi_task_student_is_refused_when_built(tiny):
    net = tiny.net()
    head = dict(type='LinearClsHead', num_classes=4, in_channels=4)
    net['head'] = dict(type='MultiTaskHead', task_heads=dict(colour=head, shape=head))
    with pytest.raises(ValueError, match='MultiTaskHead.*colour, shape.*only one'):
        tiny.build_classroom(architecture=net)
    with pytest.raises(ValueError, match="Mentor 'm' has a MultiTaskHead"):
        tiny.build_classroom(dict(m=dict(model=net, ckpt=None)))


@pytest.mark.parametrize('name', ['LeViTClsHead', 'EfficientFormerClsHead'])
def test_a_distillation_branch_teaches_but_is_no_student(tiny, name):
    net = net_of(tiny, name)
    net['head']['distillation'] = True
    with pytest.raises(ValueError, match=f'{name}.*distillation=False'):
        tiny.build_classroom(architecture=net)
    model = tiny.build_classroom(dict(m=dict(model=net, ckpt=None)))
    inputs, samples = tiny.prepared(model, tiny.batch())
    assert model(inputs, samples, mode='loss')['distill.loss_classroom'].isfinite()


@pytest.mark.parametrize('name', ['ArcFaceClsHead', 'ConformerHead'])
def test_a_recorder_of_training_outputs_is_refused(tiny, tokens, name):
    recorder = dict(logits=dict(type='ModuleOutputs', source='head'))
    with pytest.raises(ValueError, match=f"'logits'.*{name}.*ClassifierLogits"):
        tiny.build_classroom(
            architecture=net_of(tiny, name), distiller=dict(student_recorders=recorder)
        )


def test_one_branch_can_be_recorded(tiny, tokens):
    recorder = dict(logits=dict(type='ModuleOutputs', source='head.conv_cls_head'))
    model = tiny.build_classroom(
        architecture=net_of(tiny, 'ConformerHead'),
        distiller=dict(student_recorders=recorder),
    )
    inputs, samples = tiny.prepared(model, tiny.batch())
    assert model(inputs, samples, mode='loss')['distill.loss_classroom'] > 0


def test_contradictions_are_refused(tiny):
    head = dict(type='MultiLabelLinearClsHead', num_classes=4, in_channels=4)
    head['loss'] = dict(type='CrossEntropyLoss')
    with pytest.raises(ValueError, match='predicts with sigmoids.*use_sigmoid=True'):
        tiny.build_classroom(architecture=tiny.net() | dict(head=head))
    with pytest.raises(ValueError, match='always 1.*num_classes=2'):
        tiny.build_classroom(architecture=tiny.net(num_classes=1))


@pytest.mark.parametrize(
    ('head', 'kind'), [('LinearClsHead', SOFTMAX), ('MultiLabelLinearClsHead', SIGMOID)]
)
def test_a_loss_of_the_users_own_is_read_by_the_head(tiny, head, kind):
    class OwnLoss(nn.Module):
        pass

    network = tiny.build_classroom(architecture=net_of(tiny, head)).student
    network.head.loss_module = OwnLoss()
    assert likelihood(network) == kind
