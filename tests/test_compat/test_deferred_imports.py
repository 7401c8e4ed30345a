# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Imports that wait until what they import is used, and that then give the same."""

import os
import subprocess
import sys
from fractions import Fraction
from importlib.machinery import ModuleSpec
from textwrap import dedent
from types import ModuleType

import pytest

from classroomkd_mm.compat import deferred_imports
from classroomkd_mm.compat.deferred_imports import Deferred, defer_imports

# What a classifier's training must not import.
NEEDLESS = ('matplotlib', 'mmdet', 'mmpose', 'pandas', 'scipy', 'sklearn')

IMPORTING = """
import sys
import classroomkd_mm.models, classroomkd_mm.models.backbones, classroomkd_mm.engine
import mmengine.runner
"""


def printed_by(code):
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', IMPORTING + dedent(code)],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_a_training_of_classifiers_imports_no_needless_package():
    assert printed_by(f'print(*set({NEEDLESS}) & set(sys.modules))') == []


@pytest.mark.slow
def test_what_is_not_imported_is_there_when_it_is_needed():
    code = """
    import numpy as np, torch
    from mmpretrain.models.utils import ResLayerExtraNorm
    from mmrazor.models.task_modules.demo_inputs.default_demo_inputs import (
        get_default_demo_input_class,
    )
    from mmrazor.models.task_modules.predictor import metric_predictor
    from mmrazor.models.task_modules.predictor.handler import CartsHandler

    def demo_input(network):
        network = object.__new__(network)  # without its parts
        return get_default_demo_input_class(network, None).__name__

    print(demo_input(torch.nn.Identity), 'mmdet.models' in sys.modules)

    from mmdet.models import FCOS
    from mmpose.models import TopdownPoseEstimator
    print(demo_input(FCOS), demo_input(TopdownPoseEstimator))

    from mmdet.registry import MODELS
    layer = MODELS.get('ResLayerExtraNorm')
    print(isinstance(object.__new__(layer), ResLayerExtraNorm))

    x = np.arange(8.0)[:, None]
    handler = CartsHandler(num_trees=2)
    handler.fit(x, x[:, 0])
    print(handler.predict(x).shape == (8, 1))
    print(metric_predictor.stats.kendalltau([1, 2, 3], [1, 2, 3])[0])
    """
    assert printed_by(code) == [
        *('BaseDemoInput', 'False'),
        *('DefaultMMDetDemoInput', 'DefaultMMPoseDemoInput'),
        *('True', 'True', '1.0'),
    ]


# What a deferred import binds


def test_it_is_called_and_looked_into_as_the_real_one():
    fraction = Deferred('fractions.Fraction')
    assert fraction(1, 2) == Fraction(1, 2)
    assert fraction.from_float(0.5) == Fraction(1, 2)
    assert Deferred('fractions').Fraction is Fraction


def test_it_is_a_class_to_inherit_from_and_to_compare_with():
    fraction = Deferred('fractions.Fraction')

    class Half(fraction):
        pass

    assert Half.__mro__[1] is Fraction
    assert isinstance(Half(1, 2), fraction)
    assert not isinstance(0.5, fraction)


def test_a_comparison_imports_nothing(late_package):
    assert not isinstance(0.5, Deferred('late_package.Thing'))
    assert 'late_package' not in sys.modules


def test_a_name_that_is_not_there_is_reported_when_it_is_used():
    with pytest.raises(AttributeError, match='no_such_name'):
        Deferred('fractions.no_such_name')()


# Import statements


@pytest.fixture
def late_package(tmp_path, monkeypatch):
    """A package on the path, and a module `importer` that defers its import."""
    package = tmp_path / 'late_package'
    package.mkdir()
    (package / '__init__.py').write_text('Thing = dict\n')
    (package / 'part.py').write_text('value = 3\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        deferred_imports, 'DEFERRED', {'importer': ('late_package', 'gone')}
    )
    yield 'late_package'
    for name in [name for name in sys.modules if name.startswith('late_package')]:
        del sys.modules[name]


def execute(code, name='importer.module'):
    """Execute code as a module whose imports are deferred."""
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, loader=None)
    defer_imports(module)
    exec(code, vars(module))
    return module


@pytest.mark.parametrize(
    ('statement', 'use', 'value'),
    [
        ('from late_package import Thing', 'Thing(a=1)', {'a': 1}),
        ('from late_package import part', 'part.value', 3),
        ('from late_package.part import value as v', 'v.real', 3),
        ('import late_package.part', 'late_package.part.value', 3),
        ('import late_package.part as p', 'p.value', 3),
    ],
)
def test_an_import_waits_until_it_is_used(late_package, statement, use, value):
    module = execute(statement)
    assert late_package not in sys.modules
    assert eval(use, vars(module)) == value


@pytest.mark.parametrize(
    'statement',
    [
        'import late_package',
        'from late_package import *',
        'def f():\n    from late_package import Thing\nf()',
        '__import__("late_package.part")',
    ],
    ids=['module', 'all names', 'in a function', 'by a call'],
)
def test_what_is_imported_at_once(late_package, statement):
    execute(statement)
    assert late_package in sys.modules


def test_a_package_that_is_not_installed_is_missed_at_once(late_package):
    with pytest.raises(ModuleNotFoundError, match='gone'):
        execute('from gone import thing')


def test_other_imports_are_not_deferred(late_package):
    assert execute('from fractions import Fraction').Fraction is Fraction
