# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The networks that a profile compares."""

import pytest
import torch
from torch import nn

from classroomkd_mm.profiling.models import make_models
from classroomkd_mm.profiling.recipes import CLASSROOMS


@pytest.mark.slow
def test_layouts():
    """Only the students of the recipe, and one beside them, are channels-last."""

    def is_channels_last(network):
        conv = next(m for m in network.modules() if isinstance(m, nn.Conv2d))
        return conv.weight.is_contiguous(memory_format=torch.channels_last)

    models = make_models(CLASSROOMS['cifar100_resnet20'], torch.device('cpu'))
    plain = models.pop('student'), models.pop('mmrazor')
    assert [is_channels_last(model) for model in plain] == [False, False]
    assert all(map(is_channels_last, models.values()))
    assert not is_channels_last(models['fast_off'].mentors['resnet56'].running)
