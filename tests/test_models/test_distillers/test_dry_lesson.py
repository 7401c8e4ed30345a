# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What does not fit is refused when a classroom is built; nothing is left behind."""

import copy
import random
import time

import numpy as np
import pytest
import torch
from mmrazor.registry import MODELS
from torch import nn

from classroomkd_mm.classroom import MentorLoss

S_LOGITS = dict(recorder='logits', from_student=True)
M_LOGITS = dict(recorder='logits', from_student=False, mentor='a')
S_FEATURES = dict(recorder='features', from_student=True)
M_FEATURES = dict(recorder='features', from_student=False, mentor='a')
LABELS = dict(recorder='labels', from_student=True)
BN = dict(type='BN')


def features(student, mentor=M_FEATURES, **connectors):
    """Options of a distiller with L2Loss between two features."""
    return mapped('L2Loss', s_feature=student, t_feature=mentor) | dict(
        connectors=connectors
    )


def mapped(kind, options=(), **mapping):
    return dict(
        distill_losses=dict(loss=dict(type=kind, **dict(options))),
        loss_forward_mappings=dict(loss=mapping),
    )


def classroom(tiny, distiller, mentors=None, **options):
    def outputs(source):
        return dict(type='ModuleOutputs', source=source)

    return tiny.build_classroom(
        mentors,
        distiller=dict(
            student_recorders=dict(
                logits=outputs('head'),
                features=outputs('backbone.norm'),
                backbone=outputs('backbone'),
                samples=dict(type='ModuleInputs', source=''),
                labels=dict(type='ModuleInputs', source='head.loss_module'),
            ),
            mentor_recorders=dict(a=dict(features=outputs('backbone.norm'))),
            **distiller,
        ),
        **options,
    )


def widened(into=6, **options):
    connector = dict(type='ConvModuleConnector', in_channel=4, out_channel=into)
    return connector | options


def cutting_connector():
    """One whose output has no graph, since it is meant for a teacher."""
    return dict(type='Paraphraser', in_channel=4, out_channel=6, phase='train')


@MODELS.register_module(force=True)
class MeanOfMentors(MentorLoss):
    """A loss of one's own that forgets to give one number for each mentor."""

    def mentor_losses(self, student_output, mentor_outputs, lesson):
        return (student_output - sum(mentor_outputs)).mean()


WRONG = dict(
    channels=(
        features(S_FEATURES),
        r"'loss' \(L2Loss\).*s_feature: the recorder 'features' of the student gives "
        r"\(2, 4, 15, 15\); t_feature: the recorder 'features' of mentor 'a' gives "
        r'\(2, 6, 15, 15\).*dry_run=False',
    ),
    connector_takes_others=(
        features(dict(S_FEATURES, connector='up'), up=widened(in_channel=8)),
        r"expected input.*8 channels.*\(2, 4, 15, 15\), the connector 'up' fails",
    ),
    connector_gives_others=(
        features(dict(S_FEATURES, connector='up'), up=widened(8)),
        r"the connector 'up' makes it \(2, 8, 15, 15\); t_feature.*\(2, 6, 15, 15\)",
    ),
    no_data_idx=(
        features(dict(S_FEATURES, recorder='backbone')),
        r'gives a tuple of 1: \(2, 4, 15, 15\) \(set data_idx',
    ),
    needless_data_idx=(features(dict(S_FEATURES, data_idx=0)), r'data_idx is not None'),
    record_idx=(features(dict(S_FEATURES, record_idx=1)), r'record_idx is illegal'),
    reduction=(
        mapped(
            'KLDivergence', dict(reduction='none'), preds_S=S_LOGITS, preds_T=M_LOGITS
        ),
        r'KLDivergence returns \(2, 4\).*single number.*reduction',
    ),
    wsld=(
        mapped(
            'WSLD',
            student=S_LOGITS,
            teacher=M_LOGITS,
            gt_labels=LABELS | dict(data_idx=1),
        ),
        r'WSLD, num_classes=1000\) cannot be computed',
    ),
    labels_without_data_idx=(
        mapped('DKDLoss', preds_S=S_LOGITS, preds_T=M_LOGITS, gt_labels=LABELS),
        r'gt_labels.*a tuple of 2: \(2, 4\), \(2,\) \(set data_idx',
    ),
    no_graph=(
        features(dict(S_FEATURES, connector='cut'), cut=cutting_connector()),
        r'gives the student no gradient',
    ),
    own_loss=(
        dict(distill_losses=dict(loss=dict(type='MeanOfMentors'))),
        r"'loss' \(MeanOfMentors\).*one loss for each of the 2 mentors",
    ),
)


@pytest.mark.parametrize('case', WRONG)
def test_refused_when_built(tiny, case):
    distiller, message = WRONG[case]
    with pytest.raises(ValueError, match=f'(?s){message}'):
        classroom(tiny, distiller)
    classroom(tiny, distiller, dry_run=False)


@pytest.mark.parametrize('recorder', ['logits', 'outputs'])
def test_softmaxes_of_a_student_with_sigmoids(tiny, recorder):
    """Whichever recorder gives the loss the logits."""
    distiller = dict(
        student_recorders=dict(
            logits=dict(type='ClassifierLogits', source='head'),
            outputs=dict(type='ModuleOutputs', source='head.fc'),
        ),
        **mapped(
            'KLDivergence', preds_S=S_LOGITS | dict(recorder=recorder), preds_T=M_LOGITS
        ),
    )
    with pytest.raises(ValueError, match=r"'loss' \(KLDivergence\) compares softmaxes"):
        tiny.build_classroom(architecture=sigmoids(tiny), distiller=distiller)


@pytest.mark.parametrize('weight', [1.0, 0.0])
def test_what_else_a_student_with_sigmoids_may_learn(tiny, weight):
    options = dict(loss_weight=weight)
    logits = mapped('L2Loss', options, s_feature=S_LOGITS, t_feature=M_LOGITS)
    classroom(tiny, logits, architecture=sigmoids(tiny))


def sigmoids(tiny):
    architecture = tiny.net()
    architecture['head'].update(type='MultiLabelLinearClsHead')
    return architecture


def test_a_recorder_that_records_nothing(tiny):
    never_called = dict(type='ModuleOutputs', source='data_preprocessor')
    with pytest.raises(ValueError, match=r"'logits' of the student recorded nothing"):
        tiny.build_classroom(
            distiller=dict(student_recorders=dict(logits=never_called))
        )


def test_soft_labels_of_mixup(tiny):
    """WSLD and DKD need hard labels: the first batch would show it."""
    student = tiny.net() | dict(train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))
    labels = dict(LABELS, data_idx=1)
    options = dict(num_classes=4)
    wsld = mapped('WSLD', options, student=S_LOGITS, teacher=M_LOGITS, gt_labels=labels)
    classroom(tiny, wsld)
    with pytest.raises(ValueError, match=r'gt_labels.*gives \(2, 4\)'):
        classroom(tiny, wsld, architecture=student)


def state_of(model):
    """All that a dry lesson might change."""
    distiller = model.distiller
    networks = [model.student, distiller, *(m.network for m in model.mentors)]
    return copy.deepcopy(
        dict(
            weights=[network.state_dict() for network in networks],
            gradients=[p.grad for network in networks for p in network.parameters()],
            training=[m.training for network in networks for m in network.modules()],
            last=(distiller.last_sums, distiller.last_size),
            records=[
                len(r.data_buffer)
                for r in distiller.student_recorders.recorders.values()
            ]
            + [len(distiller.teacher_recorders.get_recorder('a.features').data_buffer)],
        )
    )


def equal(one, two):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(equal(one[k], two[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(equal, one, two))
    return one == two


def with_memory():
    """Options of a distiller with CRDLoss, which changes its buffers."""
    logits = dict(type='CRDConnector', dim_in=4, dim_out=8)
    return mapped(
        'CRDLoss',
        dict(neg_num=4, sample_n=16, dim_out=8),
        s_feats=dict(S_LOGITS, connector='s'),
        t_feats=dict(M_LOGITS, connector='t'),
        data_samples=dict(recorder='samples', from_student=True, data_idx=1),
    ) | dict(connectors=dict(s=logits, t=logits))


@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize(
    ('distiller', 'fits'),
    [
        (features(dict(S_FEATURES, connector='up'), up=widened(norm_cfg=BN)), True),
        (with_memory(), True),
        (features(S_FEATURES), False),
    ],
    ids=['norm', 'memory', 'error'],
)
def test_nothing_is_left_behind(tiny, distiller, fits, training):
    from classroomkd_mm.models.distillers.dry_lesson import give_dry_lesson

    student = tiny.net(backbone=dict(dropout=0.5))
    model = classroom(tiny, distiller, architecture=student, dry_run=False)
    model.train(training)
    torch_state, python_state = torch.get_rng_state(), random.getstate()
    numpy_state = np.random.get_state()[1].copy()
    before = state_of(model)
    if fits:
        give_dry_lesson(model)
    else:
        with pytest.raises(ValueError, match='cannot be computed'):
            give_dry_lesson(model)
    assert equal(before, state_of(model))
    assert torch.equal(torch_state, torch.get_rng_state())
    assert python_state == random.getstate()
    assert (numpy_state == np.random.get_state()[1]).all()


def test_the_same_student_with_and_without(tiny):
    torch.manual_seed(7)
    one = MODELS.build(tiny.classroom_config())
    torch.manual_seed(7)
    two = MODELS.build(tiny.classroom_config(dry_run=False))
    assert equal(dict(one.state_dict()), dict(two.state_dict()))


@pytest.mark.parametrize('size', [64, 224])
def test_what_fits_one_size_only_is_no_error(tiny, size):
    """A model does not tell the size of its images."""
    side = (size - 3) // 2 + 1
    pool = dict(
        type='TorchFunctionalConnector',
        function_name='avg_pool2d',
        func_args=dict(kernel_size=side),
    )
    fit = dict(type='CRDConnector', dim_in=4, dim_out=6)
    distiller = features(
        dict(S_FEATURES, connector='s'), M_FEATURES | dict(connector='t')
    )
    distiller['connectors'] = dict(s=[pool, fit], t=[pool, fit | dict(dim_in=6)])
    classroom(tiny, distiller)
    fit['dim_in'] = 5
    with pytest.raises(ValueError, match="the connector 's' fails"):
        classroom(tiny, distiller)


def test_networks_that_run_at_no_usual_size(tiny):
    """A mentor of 12 x 12 pixels: whatever is wrong shows at the first batch."""
    fixed = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 12, 4))
    mentors = dict(a=tiny.mentor(6), fixed=fixed)
    model = classroom(tiny, features(S_FEATURES), mentors)
    inputs, samples = tiny.prepared(model, tiny.batch())
    with pytest.raises(RuntimeError, match='size of tensor'):
        model(inputs, samples, mode='loss')


def test_a_loss_that_reads_the_samples_is_not_judged(tiny):
    """The generated samples lack what the user's data set puts into them."""

    @MODELS.register_module(force=True)
    class LossOfOwnField(nn.Module):
        def forward(self, logits, data_samples):
            weights = torch.stack([sample.my_weight for sample in data_samples])
            return (logits.mean(1) * weights).sum()

    samples = dict(recorder='samples', from_student=True, data_idx=1)
    loss = mapped('LossOfOwnField', logits=S_LOGITS, data_samples=samples)
    classroom(tiny, loss)


def test_a_task_without_examples(tiny, monkeypatch):
    from classroomkd_mm.tasks.classification.task import ClassificationTask
    from classroomkd_mm.tasks.task import Task

    monkeypatch.setattr(ClassificationTask, 'example_batches', Task.example_batches)
    classroom(tiny, features(S_FEATURES))


def test_pose(tiny):
    """Targets of the codec, at its size; with heatmaps and with SimCC vectors."""
    import tiny_pose

    for head in (tiny_pose.heatmap_head(), tiny_pose.simcc_head()):
        norm = dict(f=dict(type='ModuleOutputs', source='backbone.layer4'))
        cfg = tiny_pose.pose_classroom(
            dict(a=tiny_pose.mentor(head)),
            head,
            mentor_recorders=dict(a=norm),
        )
        distiller = cfg['distiller']
        distiller['student_recorders'] |= norm
        distiller.setdefault('output', ('heatmaps',))
        distiller['distill_losses'] |= dict(loss_f=dict(type='L2Loss'))
        taken = dict(recorder='f', from_student=True)
        theirs = dict(recorder='f', from_student=False, mentor='a')
        distiller['loss_forward_mappings'] = dict(
            loss_f=dict(s_feature=taken, t_feature=theirs)
        )
        tiny_pose.build(cfg)
        distiller['loss_forward_mappings']['loss_f']['s_feature'] = dict(
            taken, data_idx=0
        )
        with pytest.raises(ValueError, match=r"'loss_f'.*\(2, 32, 3, 2\)"):
            tiny_pose.build(cfg)


def test_the_cost_for_cifar_networks(tiny):
    import classroomkd_mm.models.backbones  # noqa: F401
    from classroomkd_mm.models.distillers.dry_lesson import give_dry_lesson

    def resnet(depth):
        backbone = dict(type='CIFARResNet', depth=depth)
        return dict(tiny.net(64), backbone=backbone)

    depths = dict(r56=56, r8=8, r14=14, r20=20, r32=32, r44=44)
    mentors = {name: dict(model=resnet(d), ckpt=None) for name, d in depths.items()}
    model = tiny.build_classroom(mentors, architecture=resnet(20), dry_run=False)
    start = time.process_time()
    give_dry_lesson(model)
    assert time.process_time() - start < 1
