# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""DroppingFilter: mentors that are left out of a batch at random."""

import math

import pytest
import torch

SCORES = torch.full((4, 5), -0.5)


@pytest.fixture(scope='module')
def build(tiny):
    from classroomkd_mm.classroom import DroppingFilter

    return DroppingFilter


def test_each_mentor_teaches_a_whole_batch_or_not_by_itself(build):
    torch.manual_seed(0)
    drop, count = build(keep=0.7), 4000
    active = torch.stack([drop(SCORES).active for _ in range(count)])
    assert (active == active[..., :1]).all()
    taught = active[..., 0].float()
    assert torch.allclose(taught.mean(0), torch.tensor(0.7), atol=0.03)
    together = taught.prod(1).mean().item(), (1 - taught).prod(1).mean().item()
    assert together == pytest.approx((0.7**3, 0.3**3), abs=0.03)


def test_who_teaches_has_weight_one_and_the_filter_counts_as_off(build):
    torch.manual_seed(0)
    ranking = build(keep=0.5)(SCORES)
    assert 0 < ranking.active.sum() < ranking.active.numel()
    assert torch.equal(ranking.weights, ranking.active.float())
    assert not ranking.filtering


def test_a_broken_output_does_not_teach(build):
    scores = SCORES.clone()
    scores[2, 1] = -math.inf
    for module in (build(keep=1), build(keep=0.01).eval()):
        active = module(scores).active
        assert not active[1, 1]
        assert active.sum() == active.numel() - 1


def test_all_processes_leave_out_those_of_the_first(build, monkeypatch):
    def first_process(drawn):
        drawn.copy_(torch.tensor([0.1, 0.9, 0.2]))

    monkeypatch.setattr(
        'classroomkd_mm.classroom.dropping_filter.broadcast', first_process
    )
    assert build()(SCORES).active[:, 0].tolist() == [True, False, True]


@pytest.mark.parametrize('keep', [0, 1.5, '0.5'])
def test_what_is_no_probability(build, keep):
    with pytest.raises((TypeError, ValueError), match='keep'):
        build(keep=keep)
