# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import math

import pytest
import torch


@pytest.fixture
def scorer(tiny):
    from classroomkd_mm.tasks.classification import ClassificationScorer

    return ClassificationScorer()


def logits(members=3, size=6, num_classes=4):
    student, *mentors = torch.randn(members, size, num_classes)
    return student, mentors


def test_hard_labels(tiny, scorer):
    student, mentors = logits()
    samples = tiny.batch()['data_samples']
    labels = torch.cat([sample.gt_label for sample in samples])
    scores = scorer(student, mentors, samples)
    probabilities = torch.stack([student, *mentors]).softmax(2)
    expected = probabilities[:, range(6), labels]
    torch.testing.assert_close(scores.log_scores.exp(), expected)
    assert scores.point_weights is None


def test_soft_labels(tiny, scorer):
    student, mentors = logits()
    samples = tiny.batch(soft=True)['data_samples']
    targets = torch.stack([sample.gt_score for sample in samples])
    scores = scorer(student, mentors, samples).log_scores
    for row, member in zip(scores, (student, *mentors), strict=True):
        torch.testing.assert_close(row, (targets * member.log_softmax(1)).sum(1))


def test_soft_labels_go_before_hard_ones(tiny, scorer):
    """Mixup leaves both in a sample, and the head trains on the soft ones."""
    student, mentors = logits()
    samples = tiny.batch()['data_samples']
    for sample in samples:
        sample.set_gt_score(torch.full((4,), 0.25))
    scores = scorer(student, mentors, samples).log_scores
    torch.testing.assert_close(scores[0], student.log_softmax(1).mean(1))


def test_half_precision(tiny, scorer):
    student, mentors = logits()
    samples = tiny.batch()['data_samples']
    half = scorer(student.bfloat16(), [m.half() for m in mentors], samples)
    assert half.log_scores.dtype == torch.float32
    full = scorer(student, mentors, samples)
    torch.testing.assert_close(half.log_scores, full.log_scores, rtol=0.02, atol=0.02)


def test_broken_output_scores_minus_infinity(tiny, scorer):
    student, mentors = logits()
    mentors[1][3, 0] = math.nan
    scores = scorer(student, mentors, tiny.batch()['data_samples']).log_scores
    assert scores[2, 3] == -math.inf
    assert scores.isfinite().sum() == scores.numel() - 1


@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize(
    'loss',
    [
        dict(type='CrossEntropyLoss'),
        dict(type='CrossEntropyLoss', use_soft=True),
        dict(type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=4),
        dict(
            type='LabelSmoothLoss',
            label_smooth_val=0.3,
            num_classes=4,
            mode='classy_vision',
        ),
    ],
    ids=lambda loss: '-'.join(map(str, loss.values())),
)
def test_agrees_with_the_students_own_loss(tiny, loss, soft):
    """The score is exp(-task loss), whatever the student's task loss smooths."""
    if loss.get('use_soft') and not soft:
        pytest.skip('this loss takes soft labels only')
    model = tiny.build_classroom(architecture=tiny.net(loss=loss))
    inputs, samples = tiny.prepared(model, tiny.batch(soft=soft))
    model.eval()
    own = model.student(inputs, samples, mode='loss')['loss']
    output, mentors = model.student(inputs, mode='tensor'), model.mentors(inputs)
    scores = model.distiller.scorer(output, mentors, samples).log_scores
    torch.testing.assert_close(-scores[0].mean(), own)
    weighted = model(inputs, samples, mode='loss')['student.loss']
    torch.testing.assert_close(weighted, scores[0].exp().mean() * own)


def test_empty_batch(scorer):
    student, mentors = logits(size=0)
    assert scorer(student, mentors, []).log_scores.shape == (3, 0)


def test_without_labels(tiny, scorer):
    from mmpretrain.structures import DataSample

    student, mentors = logits()
    with pytest.raises(ValueError, match=r'neither gt_label nor gt_score.*Heatmap'):
        scorer(student, mentors, [DataSample() for _ in range(6)])


def test_several_labels(tiny, scorer):
    from mmpretrain.structures import DataSample

    student, mentors = logits()
    samples = [DataSample().set_gt_label([0, 1]) for _ in range(6)]
    with pytest.raises(ValueError, match='several labels'):
        scorer(student, mentors, samples)


@pytest.mark.parametrize('soft', [False, True], ids=['hard', 'soft'])
@pytest.mark.parametrize('mode', ['original', 'classy_vision'])
def test_label_smoothing_is_the_students_own(tiny, mode, soft):
    loss = dict(type='LabelSmoothLoss', label_smooth_val=0.2, mode=mode)
    model = tiny.build_classroom(architecture=tiny.net(loss=loss))
    scorer = model.distiller.scorer
    inputs, samples = tiny.prepared(model, tiny.batch(soft=soft))
    own = model.student(inputs, samples, mode='loss')['loss']
    output = model.student(inputs, mode='tensor')
    scores = scorer(output, [output, output], samples).log_scores
    torch.testing.assert_close(-scores.mean(dim=1), own.expand(3))


def test_without_label_smoothing_nothing_is_smoothed(tiny):
    assert tiny.build_classroom().distiller.scorer.smoothing is None
