# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Configs of other packages: what is not installed is an error, never installed."""

import os
import subprocess

import pytest
from mmengine.config import Config
from mmengine.hub import get_config as mmengine_get_config
from mmengine.hub import get_model as mmengine_get_model

import classroomkd_mm  # noqa: F401
from classroomkd_mm import _launch, hub

MISSING = 'mmyolo'  # of OpenMMLab, but installed nowhere that tests run
WRONG_PACKAGES = [
    ('mmcls', r"'mmcls'.* is now called 'mmpretrain'"),
    ('mmpretrian', r"'mmpretrian'.* is not an OpenMMLab package.*'mmpretrain'"),
    (MISSING, rf"'{MISSING}'.* is not installed.*pip install {MISSING}\."),
    ('mmseg', r"'mmseg'.* is not installed.*pip install mmsegmentation"),
    ('', r"'', before `::`, is not an OpenMMLab package"),
    ('no such; name', r"'no such; name'.* is not an OpenMMLab package"),
]


@pytest.fixture(autouse=True)
def no_process(monkeypatch):
    """Let no test start a process."""

    def refuse(*args, **kwargs):
        raise AssertionError(f'a process was started: {args}')

    monkeypatch.setattr(subprocess, 'Popen', refuse)
    for name in ('system', 'posix_spawn', 'fork', 'execv', 'execve'):
        monkeypatch.setattr(os, name, refuse)


@pytest.fixture
def inheriting(tmp_path):
    """Write a config file with a base in another package."""

    def write(package):
        path = tmp_path / 'c.py'
        path.write_text(f"_base_ = ['{package}::resnet/resnet18_8xb32_in1k.py']\n")
        return str(path)

    return write


def by_mmrazor(path):
    from mmrazor.registry import MODELS

    return MODELS.build(dict(cfg_path=path, pretrained=False))


def by_network_config(path):
    from classroomkd_mm.networks import network_config

    return network_config(dict(cfg_path=path, pretrained=True))


@pytest.mark.filterwarnings('ignore:pkg_resources is deprecated')
@pytest.mark.parametrize(
    'read',
    [
        hub.get_config,
        mmengine_get_config,
        mmengine_get_model,
        by_mmrazor,
        by_network_config,
    ],
    ids=lambda read: f'{read.__module__}.{read.__name__}',
)
@pytest.mark.parametrize(('package', 'message'), WRONG_PACKAGES)
def test_a_missing_package_is_refused(read, package, message):
    with pytest.raises(ModuleNotFoundError, match=message):
        read(f'{package}::resnet/resnet18_8xb32_in1k.py')


@pytest.mark.parametrize(('package', 'message'), WRONG_PACKAGES)
def test_a_missing_package_of_a_base(inheriting, package, message):
    path = inheriting(package)
    with pytest.raises(ModuleNotFoundError, match=message):
        Config.fromfile(path)
    with pytest.raises(ModuleNotFoundError, match=message):
        _launch.read_config(_launch.run_parser('').parse_args([path]))


@pytest.mark.parametrize('weights', [dict(ckpt=None), dict(pretrained=True)], ids=str)
def test_a_mentor_is_named(tiny, weights):
    from classroomkd_mm.mentors import build_mentors

    student = tiny.MODELS.build(dict(tiny.net(), _scope_='mmpretrain'))
    mentor = dict(cfg_path='mmcls::resnet/resnet18_8xb32_in1k.py', **weights)
    with pytest.raises(ImportError, match=r"'ann'.*'mmcls'.*'mmpretrain'"):
        build_mentors(dict(ann=mentor), student)


def test_a_mentor_whose_config_has_a_base_in_a_missing_package(tiny, inheriting):
    from classroomkd_mm.mentors import build_mentors

    student = tiny.MODELS.build(dict(tiny.net(), _scope_='mmpretrain'))
    mentor = dict(cfg_path=inheriting('mmcls'), ckpt=None)
    with pytest.raises(ImportError, match=r"'ann'.*'mmcls'.*'mmpretrain'"):
        build_mentors(dict(ann=mentor), student)


def test_what_is_installed_is_read(inheriting):
    path = 'mmpretrain::resnet/resnet18_8xb32_in1k.py'
    assert hub.get_config(path).model.backbone.depth == 18
    assert hub.get_config(path, pretrained=True).model_path.startswith('https://')
    assert Config.fromfile(inheriting('mmpretrain')).model.backbone.depth == 18


@pytest.mark.parametrize(
    ('path', 'similar'),
    [
        ('resnet/resnet18_8xb32_in1k', 'resnet/resnet18_8xb32_in1k.py'),
        ('resnet18_8xb32_in1k.py', 'resnet/resnet18_8xb32_in1k.py'),
        ('resnet/resnet18_8xb32_in1.py', 'resnet/resnet18_8xb32_in1k.py'),
    ],
)
def test_a_mistyped_config_is_told_with_similar_ones(path, similar):
    with pytest.raises(FileNotFoundError, match=f"no config '{path}'.*{similar}"):
        hub.get_config(f'mmpretrain::{path}')


@pytest.mark.parametrize('path', ['', 'nothing/like/it.py'])
def test_another_config_is_told_where_they_are(path):
    with pytest.raises(FileNotFoundError, match=r'mmpretrain has no config.*configs'):
        hub.get_config(f'mmpretrain::{path}')


def test_a_config_without_published_weights():
    path = 'mmpretrain::_base_/models/resnet18.py'
    assert hub.get_config(path).model.backbone.depth == 18
    with pytest.raises(ValueError, match='no weights for'):
        hub.get_config(path, pretrained=True)
