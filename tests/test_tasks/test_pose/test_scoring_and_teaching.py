# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Scores and losses of keypoints against docs/method.md, "Pose", written in NumPy."""

import numpy as np
import pytest
import torch

from classroomkd_mm.functional import Temperatures, filter_mentors, pace_mentors
from classroomkd_mm.tasks.pose.scoring import (
    counted_points,
    heatmap_log_scores,
    point_weights,
    simcc_log_scores,
)
from classroomkd_mm.tasks.pose.teaching import (
    heatmap_mentor_losses,
    heatmap_mse_losses,
    simcc_mentor_losses,
)

MENTORS, SAMPLES, POINTS, HEIGHT, WIDTH = 3, 5, 4, 8, 6
SIGMAS = np.array([0.026, 0.1, 0.062, 0.05])
SHARPNESS, SCALE = 7.0, 0.2


@pytest.fixture
def batch():
    """Random heatmaps, on which some keypoints cannot be seen or are not taught."""
    rng = np.random.default_rng(0)
    weights = (rng.random((SAMPLES, POINTS)) < 0.7).astype(np.float32)
    weights[0] = 1
    weights[3] = 0  # nothing to be seen
    weights[1, 0] = 0.5
    taught = np.ones((MENTORS, POINTS), bool)
    taught[2, 1] = False
    targets = rng.random((SAMPLES, POINTS, HEIGHT, WIDTH)).astype(np.float32)
    noise = rng.random((MENTORS + 1, SAMPLES, POINTS, HEIGHT, WIDTH))
    mix = rng.random((MENTORS + 1, SAMPLES, POINTS, 1, 1)) * 2
    maps = (noise + mix * targets).astype(np.float32)
    return maps, targets, weights, taught


def seen_points(weights, taught, member, sample):
    return [
        k
        for k in range(POINTS)
        if weights[sample, k] > 0 and (member == 0 or taught[member - 1, k])
    ]


def softmax(x):
    e = np.exp(x.astype(np.float64) - x.max())
    return e / e.sum()


def kl(p, q):
    return (p * np.log(p / q)).sum()


def oks_of(positions, truth, sigma, height, width):
    area = 0.34 * height * width
    d2 = ((np.array(positions) - np.array(truth)) ** 2).sum()
    return np.exp(-d2 / (2 * area * (2 * sigma) ** 2))


def point_score(score, map_, target, k):
    """-L of one key point, or for 'oks' its part of w."""
    if score == 'oks':
        peaks = (np.unravel_index(x.argmax(), x.shape) for x in (map_, target))
        return oks_of(*peaks, SIGMAS[k], HEIGHT, WIDTH)
    if score == 'likelihood':
        return -kl(target / target.sum(), softmax(SHARPNESS * map_))
    return -((map_ - target) ** 2).mean() / SCALE


def expected_scores(score, maps, targets, weights, taught):
    scores = np.zeros(maps.shape[:2])
    for member, sample in np.ndindex(*scores.shape):
        points = seen_points(weights, taught, member, sample)
        if points:
            values = [
                point_score(score, maps[member, sample, k], targets[sample, k], k)
                for k in points
            ]
            mean = np.mean(values)
            scores[member, sample] = np.log(max(mean, 1e-6)) if score == 'oks' else mean
    return scores


def tensors(*arrays):
    return [torch.from_numpy(np.asarray(array)) for array in arrays]


def score_maps(maps, targets, weights, taught, score='oks'):
    members, targets, weights, taught, sigmas = tensors(
        maps, targets, weights, taught, SIGMAS.astype(np.float32)
    )
    counted = counted_points(weights > 0, taught)
    log_scores = heatmap_log_scores(
        list(members), targets, counted, score, sigmas, SHARPNESS, SCALE
    )
    return log_scores, point_weights(counted)


@pytest.mark.parametrize('score', ['oks', 'likelihood', 'task_loss'])
def test_heatmap_scores(batch, score):
    log_scores, _ = score_maps(*batch, score)
    expected = expected_scores(score, *batch)
    np.testing.assert_allclose(log_scores, expected, rtol=1e-5, atol=1e-5)


def test_oks_is_clamped(batch):
    _, targets, weights, taught = batch
    maps = np.zeros((MENTORS + 1, *targets.shape), np.float32)
    sparse = np.zeros_like(targets)
    sparse[..., -1, -1] = 1
    log_scores, _ = score_maps(maps, sparse, weights, taught)
    assert log_scores[:, 0].min() >= np.log(np.float32(1e-6))
    assert (log_scores[:, 0] < -3).all()


def test_simcc_scores(batch):
    maps, targets, weights, taught = batch
    pairs, truth = (maps.max(-2), maps.max(-1)), (targets.max(-2), targets.max(-1))
    x, y, *rest = tensors(*pairs, *truth, weights, taught, SIGMAS.astype(np.float32))
    target_x, target_y, weights_, taught_, sigmas = rest
    log_scores = simcc_log_scores(
        list(zip(x, y, strict=True)),
        (target_x, target_y),
        counted_points(weights_ > 0, taught_),
        sigmas,
    )
    for member, sample in np.ndindex(MENTORS + 1, SAMPLES):
        terms = [
            oks_of(
                [axis[member, sample, k].argmax() for axis in pairs],
                [axis[sample, k].argmax() for axis in truth],
                SIGMAS[k],
                HEIGHT,
                WIDTH,
            )
            for k in seen_points(weights, taught, member, sample)
        ]
        expected = np.log(max(np.mean(terms), 1e-6)) if terms else 0
        assert log_scores[member, sample] == pytest.approx(expected, abs=1e-5)


def test_nothing_to_be_seen_is_neutral(batch):
    for score in ('oks', 'likelihood', 'task_loss'):
        log_scores, weights = score_maps(*batch, score)
        assert (log_scores[:, 3] == log_scores[0, 3]).all()
        assert (weights[:, 3] == 0).all()
        assert log_scores.isfinite().all()


def test_mentor_that_knows_no_visible_point_is_level_with_the_student(batch):
    maps, targets, weights, taught = batch
    taught[1] = False
    log_scores, point = score_maps(maps, targets, weights, taught)
    assert torch.equal(log_scores[2], log_scores[0])
    assert (point[1] == 0).all()


def test_nan_and_infinity_score_minus_infinity(batch):
    maps, *rest = batch
    maps[1, 2, 0, 1, 1] = np.nan
    maps[3, 3, 2, 0, 0] = np.inf
    for score in ('oks', 'likelihood', 'task_loss'):
        log_scores, _ = score_maps(maps, *rest, score)
        wrong = (log_scores == -torch.inf).nonzero().tolist()
        assert wrong == [[1, 2], [3, 3]]
        assert not log_scores.isnan().any()


def expected_loss(batch, ranking, taus, point_kd):
    """Σ of step 5, by mentor; ``point_kd(student, mentor, tau)`` is a key point's."""
    maps, _, weights, taught = batch
    losses = np.zeros(MENTORS)
    for m, i in np.ndindex(MENTORS, SAMPLES):
        points = seen_points(weights, taught, m + 1, i)
        if points and ranking.active[m, i]:
            terms = [
                point_kd(maps[0, i, k], maps[m + 1, i, k], float(taus[m, i]))
                for k in points
            ]
            losses[m] += float(ranking.ranks[m + 1, i]) * np.mean(terms) / SAMPLES
    return losses


def lesson(batch, filtering=True):
    log_scores, weights = score_maps(*batch)
    ranking = filter_mentors(log_scores, filtering=filtering)
    student, *mentors = tensors(*batch[0])
    temperatures = pace_mentors(ranking, student, mentors, tau_max=4.0)
    return student.requires_grad_(), mentors, ranking, temperatures, weights


@pytest.mark.parametrize('filtering', [True, False])
def test_heatmap_loss(batch, filtering):
    student, mentors, ranking, taus, weights = lesson(batch, filtering)
    losses = heatmap_mentor_losses(student, mentors, ranking, taus, weights, SHARPNESS)

    def point_kd(s, m, tau):
        return tau**2 * kl(softmax(SHARPNESS * m / tau), softmax(SHARPNESS * s / tau))

    expected = expected_loss(batch, ranking, taus.mentor, point_kd)
    np.testing.assert_allclose(losses.detach(), expected, rtol=1e-5, atol=1e-5)
    assert (losses > 0).all()


def test_heatmap_loss_gradient(batch):
    student, mentors, ranking, taus, weights = lesson(batch)
    student = student.detach().double().requires_grad_()
    ranking = type(ranking)(
        *(x.double() if x.is_floating_point() else x for x in ranking[:-1])
    )
    taus = Temperatures(*(tau.double() for tau in taus))

    def loss(maps):
        return heatmap_mentor_losses(
            maps, mentors, ranking, taus, weights.double(), SHARPNESS
        )

    assert torch.autograd.gradcheck(loss, student, fast_mode=True)


def test_simcc_loss(batch):
    student, mentors, ranking, taus, weights = lesson(batch)
    pairs = [(maps.amax(-2), maps.amax(-1)) for maps in (student, *mentors)]
    losses = simcc_mentor_losses(pairs[0], pairs[1:], ranking, taus, weights, SHARPNESS)

    def point_kd(s, m, tau):
        kls = [
            kl(
                softmax(SHARPNESS * m.max(axis) / tau),
                softmax(SHARPNESS * s.max(axis) / tau),
            )
            for axis in (0, 1)
        ]
        return tau**2 * np.mean(kls)

    expected = expected_loss(batch, ranking, taus.mentor, point_kd)
    np.testing.assert_allclose(losses.detach(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('filtering', [True, False])
def test_mse_loss(batch, filtering):
    student, mentors, ranking, taus, weights = lesson(batch, filtering)
    losses = heatmap_mse_losses(student, mentors, ranking, weights)
    expected = expected_loss(
        batch, ranking, taus.mentor, lambda s, m, tau: ((s - m) ** 2).mean()
    )
    np.testing.assert_allclose(losses.detach(), expected, rtol=1e-5, atol=1e-5)


def all_losses(batch):
    student, mentors, ranking, taus, weights = lesson(batch)
    pair, *pairs = [(maps.amax(-2), maps.amax(-1)) for maps in (student, *mentors)]
    return student, torch.stack(
        [
            heatmap_mentor_losses(student, mentors, ranking, taus, weights, SHARPNESS),
            simcc_mentor_losses(pair, pairs, ranking, taus, weights, SHARPNESS),
            heatmap_mse_losses(student, mentors, ranking, weights),
        ]
    )


def test_nothing_to_be_seen_teaches_nothing(batch):
    student, losses = all_losses(batch)
    losses.sum().backward()
    assert losses.isfinite().all()
    assert (student.grad[3] == 0).all()
    assert (student.grad[0] != 0).any()


def test_batch_without_visible_points(batch):
    batch[2][:] = 0
    student, losses = all_losses(batch)
    losses.sum().backward()
    assert (losses == 0).all()
    assert (student.grad == 0).all()


def test_untaught_point_has_no_gradient(batch):
    batch[3][:, 1] = False
    student, losses = all_losses(batch)
    losses.sum().backward()
    assert (student.grad[:, 1] == 0).all()


def test_nan_mentor_teaches_nothing(batch):
    batch[0][1, 0] = np.nan
    student, losses = all_losses(batch)
    losses.sum().backward()
    assert losses.isfinite().all()
    assert student.grad.isfinite().all()


def test_half_precision(batch):
    maps, targets, weights, taught = batch
    counted = counted_points(*tensors(weights > 0, taught))
    halves = [maps.half() for maps in tensors(*maps)]
    for score in ('oks', 'likelihood', 'task_loss'):
        log_scores = heatmap_log_scores(halves, tensors(targets)[0], counted, score)
        assert log_scores.dtype == torch.float32
    ranking = filter_mentors(log_scores)
    taus = pace_mentors(ranking, halves[0], halves[1:])
    losses = heatmap_mentor_losses(
        halves[0], halves[1:], ranking, taus, point_weights(counted), SHARPNESS
    )
    assert losses.dtype == torch.float32 and losses.isfinite().all()


def test_empty_batch(batch):
    maps, targets, weights, taught = batch
    empty = (maps[:, :0], targets[:0], weights[:0], taught)
    _, losses = all_losses(empty)
    assert (losses == 0).all()
