# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MMRazor's KDSoftCELoss, which asks for MMPretrain under its old name."""

import pytest
import torch

from classroomkd_mm.compat import provide_soft_cross_entropy


@pytest.fixture
def module(tiny):
    from mmrazor.models.losses import kd_soft_ce_loss

    return kd_soft_ce_loss


def test_the_loss_is_a_soft_cross_entropy(module):
    student, teacher = torch.randn(6, 4), torch.randn(6, 4)
    loss = module.KDSoftCELoss(tau=3)(student, teacher)
    target = (teacher / 3).softmax(1)
    expected = -9 * (target * (student / 3).log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(loss, expected)


def test_it_is_provided_where_it_is_missing(module, monkeypatch):
    from mmrazor.utils import get_placeholder

    monkeypatch.setattr(module, 'soft_cross_entropy', get_placeholder('mmcls'))
    with pytest.raises(ImportError, match='mmcls'):
        module.soft_cross_entropy()
    provide_soft_cross_entropy()
    assert module.soft_cross_entropy.__module__.startswith('classroomkd_mm.')


def test_the_function_of_mmcls_stays(module, monkeypatch):
    def soft_cross_entropy():
        """Stand for the one of mmcls."""

    monkeypatch.setattr(module, 'soft_cross_entropy', soft_cross_entropy)
    provide_soft_cross_entropy()
    assert module.soft_cross_entropy is soft_cross_entropy
