# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What tests share. The OpenMMLab packages are imported only by those that need them.

Their import takes seconds, so `tiny` hands out the module that does it.
"""

import importlib
import sys
from importlib.util import find_spec

import pytest
import torch

import classroomkd_mm  # noqa: F401  before OpenMMLab's packages, as in a training

torch.set_num_threads(1)


def pytest_collection_modifyitems(config, items):
    """Skip what needs a missing package; `-m optional` says that none is missing."""
    if config.option.markexpr == 'optional':
        return
    for item in items:
        for mark in item.iter_markers('optional'):
            (package,) = mark.args
            if find_spec(package) is None:
                reason = f'needs {package}, see requirements/optional.txt'
                item.add_marker(pytest.mark.skip(reason=reason))


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
