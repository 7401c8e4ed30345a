# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Keypoints with a weight and an empty target, and batches without any truth."""

import pytest
import torch

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402

HIDDEN = slice(9, None)  # of 17 keypoints


def classroom(form, **scorer):
    """A classroom of heatmaps or of SimCC vectors, with samples for it."""
    if form == 'heatmaps':
        head, codec = tp.heatmap_head(), tp.codec()
    else:
        head, codec = tp.simcc_head(), tp.codec('SimCCLabel')
    mentors = dict(honest=tp.mentor(head), corner=tp.mentor(head))
    parts = dict(scorer=dict(type='HeatmapScorer', **scorer)) if scorer else {}
    model = tp.build(tp.pose_classroom(mentors, head, **parts))
    inputs, samples = tp.samples(codec)
    for sample in samples:
        sample.gt_instance_labels.keypoint_weights[:] = 1
    return model, inputs, samples


def hide(samples, points=HIDDEN):
    """Empty the targets of some keypoints, and leave their weights."""
    for sample in samples:
        if 'gt_fields' in sample:
            sample.gt_fields.heatmaps[points] = 0
        for axis in 'xy':
            name = f'keypoint_{axis}_labels'
            if name in sample.gt_instance_labels:
                sample.gt_instance_labels.get(name)[:, points] = 0


@pytest.mark.parametrize('score', ['oks', 'likelihood', 'task_loss'])
def test_an_empty_map_is_no_worse_than_a_point_in_the_corner(score):
    model, _, samples = classroom('heatmaps', score=score)
    hide(samples)
    target = torch.stack([sample.gt_fields.heatmaps for sample in samples])
    honest = target + 0.01 * torch.rand_like(target)
    corner = honest.clone()
    corner[:, HIDDEN, 0, 0] = 1
    student = 0.01 * torch.rand_like(target)
    scores = model.distiller.scorer(student, [honest, corner], samples)
    _, a, b = scores.log_scores.mean(dim=1)
    assert a > b if score == 'task_loss' else torch.equal(a, b)
    assert (scores.point_weights[..., HIDDEN] == 0).all()
    torch.testing.assert_close(scores.point_weights.sum(-1), torch.ones(2, 3))


@pytest.mark.parametrize('form', ['heatmaps', 'simcc'])
def test_a_hidden_point_counts_as_one_without_weight(form):
    model, inputs, samples = classroom(form)
    hide(samples)
    hidden = model(inputs, samples, mode='loss')
    sums = model.distiller.last_sums
    for sample in samples:
        sample.gt_instance_labels.keypoint_weights[:, HIDDEN] = 0
    weightless = model(inputs, samples, mode='loss')
    torch.testing.assert_close(model.distiller.last_sums, sums)
    name = next(name for name in hidden if name.startswith('distill'))
    torch.testing.assert_close(hidden[name], weightless[name])
    assert hidden[name] > 0


@pytest.mark.parametrize('form', ['heatmaps', 'simcc'])
@pytest.mark.parametrize('weight', [0, 1])
def test_a_batch_without_one_visible_point(form, weight):
    model, inputs, samples = classroom(form)
    hide(samples, slice(None))
    for sample in samples:
        sample.gt_instance_labels.keypoint_weights[:] = weight
    losses = model(inputs, samples, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    assert all(loss == 0 for name, loss in losses.items() if 'distill' in name)
    grads = (p.grad for p in model.student.parameters() if p.grad is not None)
    assert all(grad.isfinite().all() for grad in grads)


@pytest.mark.parametrize('form', ['heatmaps', 'simcc'])
def test_an_empty_batch(form):
    model, *_ = classroom(form)
    maps = torch.rand(0, 17, 24, 16)
    output = maps if form == 'heatmaps' else (maps[..., 0, :], maps[..., 0])
    log_scores, weights = model.distiller.scorer(output, [output] * 2, [])
    assert log_scores.shape == (3, 0)
    assert weights.shape == (2, 0, 17)
