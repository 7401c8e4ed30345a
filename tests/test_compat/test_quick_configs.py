# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A config `package::path` is found as MMEngine finds it, without its detours."""

import pytest
from mmengine.config import Config, utils
from mmengine.utils import package_utils


@pytest.fixture
def no_detour(monkeypatch):
    def fail(*args):
        raise AssertionError(f'a detour: {args}')

    monkeypatch.setattr(utils, 'load', fail)  # reads metafiles
    monkeypatch.setattr('importlib.reload', fail)  # reads all distributions


@pytest.mark.parametrize(
    'name', ['_base_/default_runtime.py', 'resnet/resnet18_8xb32_in1k.py']
)
def test_a_config_is_found_directly(no_detour, name):
    path, scope = Config._get_cfg_path(f'mmpretrain::{name}', '')
    assert path.endswith(f'mmpretrain/.mim/configs/{name}')
    assert scope == 'mmpretrain'


def test_a_config_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError, match='no_such_config'):
        Config._get_cfg_path('mmpretrain::resnet/no_such_config.py', '')


@pytest.mark.parametrize(
    ('package', 'installed'),
    [('mmpretrain', True), ('mmcv-lite', True), ('no_such_package', False)],
)
def test_packages_and_distributions_are_found(package, installed):
    assert package_utils.is_installed(package) is installed
