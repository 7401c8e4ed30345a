# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What tests share. The OpenMMLab packages are imported only by those that need them.

Their import takes seconds, so `tiny` hands out the module that does it.
"""

import importlib
import sys

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seed():
    """Let every test draw the same random numbers, whatever ran before it."""
    torch.manual_seed(0)


@pytest.fixture(scope='session')
def tiny():
    """The module tiny_classroom: networks, data and classrooms to test with."""
    return importlib.import_module('tiny_classroom')


@pytest.fixture(autouse=True)
def no_scope_left():
    """Let no test see the default scope that a Runner of another one has set."""
    yield
    registry = sys.modules.get('mmengine.registry')
    if registry is not None:
        registry.DefaultScope._instance_dict.clear()
