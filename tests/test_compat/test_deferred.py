# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MMRazor's questions about other packages are answered without their import."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from classroomkd_mm.compat.deferred import DeferredClass, deferred_imports


def in_a_fresh_python(code):
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.mark.slow
def test_a_classifier_needs_neither_detection_nor_pose():
    code = """
import sys, classroomkd_mm.models, classroomkd_mm.engine, mmrazor.engine
print(*(name for name in ('mmdet', 'mmpose', 'mmpretrain') if name in sys.modules))
"""
    assert in_a_fresh_python(code) == []


@pytest.mark.slow
@pytest.mark.skipif(find_spec('mmdet') is None, reason='needs mmdet')
def test_mmrazor_recognises_models_of_both_when_they_are_there():
    code = """
import classroomkd_mm.models
from mmrazor.models.task_modules.demo_inputs import default_demo_inputs as demo
from mmrazor.models.task_modules.predictor.handler import mlp_handler
from torch import nn
kind = demo.get_default_demo_input_class
print(kind(nn.ReLU(), None).__name__)

from mmdet.models import BaseDetector, SmoothL1Loss
from mmpose.models import TopdownPoseEstimator
assert isinstance(mlp_handler.SmoothL1Loss(), SmoothL1Loss)
print(kind(BaseDetector.__new__(type('D', (BaseDetector,), dict(
    loss=0, predict=0, _forward=0, extract_feat=0))), None).__name__)
print(kind(TopdownPoseEstimator.__new__(TopdownPoseEstimator), None).__name__)
"""
    assert in_a_fresh_python(code) == [
        'BaseDemoInput',
        'DefaultMMDetDemoInput',
        'DefaultMMPoseDemoInput',
    ]


def test_packages_are_found_as_always_afterwards(monkeypatch, tmp_path):
    package = tmp_path / 'mmdet'
    (package / 'models').mkdir(parents=True)
    (package / '__init__.py').write_text('')
    (package / 'models/__init__.py').write_text('class Detector:\n    pass\n')
    for name in [name for name in sys.modules if name.split('.')[0] == 'mmdet']:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    finders = list(sys.meta_path)
    with deferred_imports():
        from mmdet.models import Detector as Deferred
    assert type(Deferred) is DeferredClass
    assert sys.meta_path == finders
    assert not isinstance(object(), Deferred)
    assert 'mmdet.models' not in sys.modules

    from mmdet.models import Detector

    assert type(Detector) is type
    assert isinstance(Detector(), Deferred)
    assert issubclass(Detector, Deferred)
    assert type(Deferred()) is Detector
    for name in [name for name in sys.modules if name.split('.')[0] == 'mmdet']:
        del sys.modules[name]


def test_a_package_that_is_not_installed_is_not_found(monkeypatch):
    monkeypatch.setattr('classroomkd_mm.compat.deferred.DEFERRED', ('no_such_package',))
    with deferred_imports(), pytest.raises(ModuleNotFoundError):
        import no_such_package  # noqa: F401


def test_an_imported_package_is_itself(monkeypatch):
    monkeypatch.setattr('classroomkd_mm.compat.deferred.DEFERRED', ('json',))
    import json

    with deferred_imports():
        from json import decoder

    assert decoder is json.decoder
