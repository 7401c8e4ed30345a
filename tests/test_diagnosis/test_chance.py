# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Who knows more than chance, for any task."""

from types import SimpleNamespace

import pytest
import torch

from classroomkd_mm.diagnosis.chance import LOWEST, score_with_swaps, standing
from classroomkd_mm.functional import cross_entropy_log_scores

CLASSES, SAMPLES = 10, 32


def scorer(first, others, labels):
    logits = torch.stack([first, *others])
    return cross_entropy_log_scores(logits, torch.stack(list(labels))), None


def standing_of(logits, labels, count=SAMPLES):
    guess = torch.zeros_like(logits)
    scored = score_with_swaps(scorer, guess[:count], [logits[:count]], labels[:count])
    return standing(scored, 1, scored.own[0])


def members(seed):
    """Logits of a good mentor and of what can happen to it."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (SAMPLES,), generator=generator)
    noise = torch.randn(SAMPLES, CLASSES, generator=generator)
    good = 6 * torch.nn.functional.one_hot(labels, CLASSES) + noise
    right = (torch.rand(SAMPLES, generator=generator) < 0.5)[:, None]
    rolled = good.roll(1, dims=1)
    return labels, SimpleNamespace(
        good=good,
        cautious=0.01 * good,
        half=10 * torch.where(right, good, rolled),
        permuted=rolled,
        constant=noise[:1].expand_as(good) * 3,
        uniform=torch.zeros_like(good),
        nan=good * torch.nan,
        huge=1e5 * rolled,
    )


@pytest.mark.parametrize('seed', range(20))
def test_who_is_at_chance(seed):
    labels, logits = members(seed)
    at_chance = {k for k, v in vars(logits).items() if standing_of(v, labels).at_chance}
    assert at_chance == {'permuted', 'constant', 'uniform', 'nan', 'huge'}


def test_the_numbers():
    labels, logits = members(0)
    found = standing_of(logits.good, labels)
    assert found.guess == pytest.approx(-torch.tensor(10.0).log())
    assert found.score > -0.2 > found.swapped and found.errors > 5
    assert found.samples == SAMPLES and found.invalid == 0
    broken = logits.good.clone()
    broken[:3] = torch.nan
    assert standing_of(broken, labels).invalid == 3
    assert standing_of(logits.nan, labels).score == LOWEST
    assert standing_of(logits.huge, labels).invalid == 0


def test_a_few_samples_prove_nothing():
    labels, logits = members(0)
    assert not standing_of(logits.permuted, labels, 4).at_chance
    assert not standing_of(logits.permuted, labels, 1).at_chance


def test_one_class_only_is_no_false_alarm():
    """As with the first samples of a sorted dataset: nothing can be swapped."""
    labels = torch.zeros(SAMPLES, dtype=torch.long)
    logits = 6 * torch.nn.functional.one_hot(labels, CLASSES).float()
    assert not standing_of(logits, labels).at_chance


@pytest.mark.parametrize('kind', ['MSRAHeatmap', 'SimCCLabel'])
def test_pose_models(kind):
    pytest.importorskip('mmpose')
    import tiny_pose as tp

    head = tp.heatmap_head() if kind == 'MSRAHeatmap' else tp.simcc_head()
    model = tp.build(tp.pose_classroom(dict(a=tp.mentor(head)), head))
    _, samples = tp.samples(tp.codec(kind), 16)
    if kind == 'MSRAHeatmap':
        truth = torch.stack([s.gt_fields.heatmaps for s in samples])
        moved, agrees = truth.roll(1, 0), truth
    else:
        fields = ('keypoint_x_labels', 'keypoint_y_labels')
        agrees = truth = tuple(
            torch.cat([s.gt_instance_labels.get(field) for s in samples])
            for field in fields
        )
        moved = tuple(part.roll(1, 0) for part in truth)
    guess = model.task.guess(model.student, truth)

    def at_chance(output):
        scored = score_with_swaps(model.distiller.scorer, guess, [output], samples)
        return standing(scored, 1, scored.own[0]).at_chance

    assert not at_chance(truth)
    assert at_chance(guess)
    assert at_chance(moved)
    same = model.task.agreement(truth, agrees)
    assert same.shape == (16,) and same.min() == 1
    assert model.task.agreement(truth, moved).max() < 0.9
