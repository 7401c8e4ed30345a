# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""TrustFilter: the average of the mentors that have earned trust."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

few = settings(max_examples=15, deadline=None)


@pytest.fixture(scope='module')
def build(tiny):
    from classroomkd_mm.classroom import TrustFilter

    def build(mentors=3, **options):
        trust = TrustFilter(**options)
        trust.prepare(None, range(mentors))
        return trust

    return build


def scores(seed=0, n=3, N=6):
    generator = torch.Generator().manual_seed(seed)
    return -3 * torch.rand(n + 1, N, generator=generator)


@pytest.mark.parametrize('no_trust', [0, 0.2])
def test_weights_written_down_again(build, no_trust):
    """Three batches, with loops. The student is the best, then the mentors differ."""
    options = dict(full_trust=0.8, no_trust=no_trust, momentum=0.9)
    trust, running = build(**options), [0.0] * 4
    for seed in range(3):
        log_scores = scores(seed).double()
        log_scores[3] *= 3
        weights = trust(log_scores).weights
        for v in range(4):
            mean = sum(math.exp(log_scores[v, i]) for i in range(6)) / 6
            running[v] = 0.9 * running[v] + 0.1 * mean
    shares = [running[m + 1] / max(running) for m in range(3)]
    belief = [max(0, min(1, (s - no_trust) / (0.8 - no_trust))) for s in shares]
    assert min(belief) < max(belief)
    for m in range(3):
        expected = 3 * max(belief) * belief[m] / sum(belief)
        assert weights[m].tolist() == pytest.approx([expected] * 6, rel=1e-5)


@few
@given(st.integers(0, 2**20), st.integers(1, 5))
def test_mentors_that_are_sane_are_averaged(build, seed, n):
    """Each has more than half of the mean score of the best, and of the student."""
    log_scores = scores(seed, n) / 5
    weights = build(n)(log_scores).weights
    torch.testing.assert_close(weights, torch.ones(n, 6))


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='ClassroomKDLoss'),
        dict(type='LessonLoss', per='batch', loss=dict(type='DISTLoss')),
    ],
)
def test_the_losses_among_sane_mentors_are_those_of_the_average(tiny, loss):
    from classroomkd_mm.classroom import KnowledgeFilter

    model = tiny.build_classroom(
        distiller=dict(
            knowledge_filter=dict(type='TrustFilter', full_trust=1e-6),
            mentoring=dict(mentoring=4.0),
            task_weight='constant',
            distill_losses=dict(loss=loss),
        )
    )
    batch = tiny.prepared(model, tiny.batch())
    ours = model(*batch, mode='loss')
    model.distiller.knowledge_filter = KnowledgeFilter(filtering=False)
    for name, loss in model(*batch, mode='loss').items():
        torch.testing.assert_close(ours[name], loss)


def test_mentors_far_behind_the_student_teach_less(build):
    log_scores = torch.tensor([-0.1, -4.0, -5.0, -9.0]).expand(6, 4).T
    trust = build()
    ranking = trust(log_scores)
    belief = math.exp(-4.0) / (0.5 * math.exp(-0.1))
    torch.testing.assert_close(ranking.weights.sum(0), torch.full((6,), 3 * belief))


def test_a_mentor_that_is_wrong_throughout_hardly_teaches(build):
    log_scores = torch.tensor([-2.0, -0.1, -0.2, -9.0]).expand(6, 4).T
    weights = build()(log_scores).weights
    assert (weights[2] < 1e-3).all()
    assert (weights[:2] > 1.4).all()


def test_a_mentor_with_half_of_the_best_score_need_not_teach(build):
    """As one whose joints are shifted, in OKS."""
    log_scores = torch.tensor([-0.7, -0.5, -0.6, -1.2]).expand(6, 4).T
    assert build()(log_scores).weights[2, 0] > 0.9
    weights = build(full_trust=0.75, no_trust=0.5)(log_scores).weights
    torch.testing.assert_close(weights[:, 0], torch.tensor([1.5, 1.5, 0]))


def test_if_no_mentor_is_believed_nothing_is_taught(build):
    log_scores = torch.tensor([-0.1, -1.0, -1.2, -1.4]).expand(6, 4).T
    trust = build(full_trust=0.75, no_trust=0.5)
    assert (trust(log_scores).weights == 0).all()
    assert (build(no_trust=0.3).eval()(log_scores).weights == 0).all()  # nothing seen


def test_a_broken_output_does_not_teach_and_costs_no_trust(build):
    trust = build()
    log_scores = scores()
    log_scores[2] = log_scores[2, 0]
    trust(log_scores)
    before = trust.trust[2].item()
    log_scores[2, 1] = -math.inf
    ranking = trust(log_scores)
    assert trust.trust[2] == pytest.approx((1 + trust.momentum) * before)
    assert not ranking.active[1, 1]
    assert ranking.weights[1, 1] == 0
    assert ranking.weights.isfinite().all()
    log_scores[1:, 0] = -math.inf
    assert (trust(log_scores).weights[:, 0] == 0).all()


def test_a_mentor_that_is_absent_keeps_its_trust(build):
    """It weighs the same again when it comes back."""
    trust, always = build(momentum=0.5), build(momentum=0.5)
    log_scores = torch.tensor([-2.0, -0.1, -0.5, -1.0]).expand(6, 4).T.clone()
    absent = log_scores.clone()
    absent[1] = -math.inf
    for batch in (log_scores, absent, absent, log_scores):
        ranking = trust(batch)
    torch.testing.assert_close(ranking.weights, always(log_scores).weights)


def test_only_training_changes_the_trust(build):
    trust = build()
    trust(scores())
    before = trust.trust.clone()
    trust.eval()(scores(1))
    assert torch.equal(trust.trust, before)
    trust.train()(torch.zeros(4, 0))
    assert torch.equal(trust.trust, before)


def test_trust_is_that_of_all_processes(build, monkeypatch):
    """Each process adds the totals of the other one to its own."""
    whole, halves = build(), (build(), build())
    log_scores = scores()
    shares = log_scores[:, :4], log_scores[:, 4:]
    module = 'classroomkd_mm.classroom.trust_filter.sum_over_processes'
    totals = []
    monkeypatch.setattr(module, lambda own: totals.append(own) or own)
    for share in shares:
        build()(share)
    for half, share, other in zip(halves, shares, totals[::-1], strict=True):
        monkeypatch.setattr(module, lambda own, other=other: own + other)
        half(share)
    monkeypatch.undo()
    whole(log_scores)
    for half in halves:
        torch.testing.assert_close(half.trust, whole.trust)
        torch.testing.assert_close(half.seen, whole.seen)


def test_a_checkpoint_has_the_trust_beside_the_weights_of_the_student(tiny, tmp_path):
    """A resumed run goes on with it, and ends as one that was not interrupted."""
    cfg = dict(knowledge_filter=dict(type='TrustFilter', momentum=0.5, full_trust=1.0))
    hooks = [dict(type='mmrazor.ClassroomHook')]
    model = tiny.build_classroom(distiller=cfg)
    assert (model.distiller.knowledge_filter.trust == 0).all()  # after the dry lesson
    whole = tiny.run(tmp_path / 'whole', model, epochs=2, hooks=hooks)
    trust = whole.model.distiller.knowledge_filter.trust
    assert (trust > 0).all()
    tiny.run(tmp_path, tiny.build_classroom(distiller=cfg), epochs=1, hooks=hooks)
    file = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    assert set(file['state_dict']) == set(model.student.state_dict())
    other = tiny.build_classroom(distiller=cfg)
    resumed = tiny.run(tmp_path, other, epochs=2, hooks=hooks, resume=True).model
    assert torch.equal(resumed.distiller.knowledge_filter.trust, trust)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


@pytest.mark.parametrize(
    ('options', 'error'),
    [
        (dict(momentum=1), ValueError),
        (dict(momentum=-0.1), ValueError),
        (dict(momentum='0.9'), TypeError),
        (dict(full_trust=0), ValueError),
        (dict(full_trust=1.5), ValueError),
        (dict(full_trust='half'), TypeError),
        (dict(no_trust=0.5), ValueError),
        (dict(no_trust=-0.1), ValueError),
        (dict(no_trust='none'), TypeError),
    ],
)
def test_an_option_that_cannot_be(build, options, error):
    with pytest.raises(error, match=next(iter(options))):
        build(**options)
