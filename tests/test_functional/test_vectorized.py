# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""for_each_sample gives what a loop over the samples gives."""

import itertools
import warnings

import pytest
import torch
import torch.nn.functional as F

from classroomkd_mm.functional import for_each_sample

REDUCTIONS = [
    dict(reduction='batchmean'),
    dict(reduction='mean'),
    dict(reduction='sum'),
    dict(size_average=False, reduction='batchmean'),
    dict(size_average=False, reduction='mean'),
    dict(size_average=True),
    dict(reduce=True),
    dict(reduce=False, size_average=False),
]


def looped(function, *arguments):
    return torch.stack([function(*sample) for sample in zip(*arguments, strict=True)])


@pytest.mark.parametrize(
    ('options', 'log_target'),
    list(itertools.product(REDUCTIONS, (False, True))),
    ids=str,
)
@pytest.mark.filterwarnings('ignore:size_average', 'ignore:reduction')
def test_kl_divergence(options, log_target):
    student = torch.randn(4, 3, 5, requires_grad=True)
    mentor = torch.randn(4, 3, 5)
    mentor[0] = torch.tensor([0.0, 1e4, 0, 0, 0])  # probabilities of 0

    def divergence(ours, theirs):
        theirs = theirs.log_softmax(-1) if log_target else theirs.softmax(-1)
        terms = F.kl_div(ours.log_softmax(-1), theirs, log_target=log_target, **options)
        return terms.sum()

    found = for_each_sample(divergence, student, mentor)
    expected = looped(divergence, student, mentor)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(
        *(torch.autograd.grad(x.sum(), student)[0] for x in (found, expected))
    )


def test_scatter_in_place():
    def marked(logits, label):
        return (torch.zeros_like(logits).scatter_(0, label[None], 1) * logits).sum()

    logits, labels = torch.randn(4, 5, requires_grad=True), torch.tensor([1, 0, 4, 4])
    found = for_each_sample(marked, logits, labels)
    torch.testing.assert_close(found, logits[range(4), labels])


def test_no_operator_runs_on_one_sample_at_a_time():
    """PyTorch warns of those that do."""
    from torch._C._functorch import _set_vmap_fallback_warning_enabled

    def alone(student, mentor, label):
        mask = torch.zeros_like(student).scatter_(0, label[None], 1)
        return F.kl_div(student - mask, mentor, reduction='sum')

    arguments = torch.randn(3, 5), torch.rand(3, 5), torch.tensor([0, 1, 2])
    _set_vmap_fallback_warning_enabled(True)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for_each_sample(alone, *arguments)
    with pytest.warns(UserWarning, match='performance drop'):
        torch.func.vmap(alone)(*arguments)
