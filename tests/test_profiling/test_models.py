# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The networks that a profile compares."""

import pytest
import torch
from torch import nn

from classroomkd_mm.profiling.models import make_models
from classroomkd_mm.profiling.recipes import CLASSROOMS


@pytest.mark.slow
def test_layouts():
    """As the recipe has no hook for it, only one student is channels-last."""

    def is_channels_last(network):
        conv = next(m for m in network.modules() if isinstance(m, nn.Conv2d))
        return conv.weight.is_contiguous(memory_format=torch.channels_last)

    models = make_models(CLASSROOMS['cifar100_resnet20'], torch.device('cpu'))
    assert is_channels_last(models.pop('student_channels_last'))
    assert not any(map(is_channels_last, models.values()))
    assert not is_channels_last(models['fast_off'].mentors['resnet56'].running)
