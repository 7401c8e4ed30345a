# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What classroomkd_mm does when other packages are imported."""

import importlib.util
import os
import pickle
import subprocess
import sys
from textwrap import dedent

import pytest
import torch

import classroomkd_mm  # noqa: F401
from classroomkd_mm import compat

EXTENDED = (
    'mmrazor.models',
    'mmrazor.engine',
    'mmpose.models',
    'mmpose.datasets',
    'mmpretrain.models',
    'mmpretrain.datasets',
    'mmdet.models',
)
LACKS_OPERATORS = importlib.util.find_spec('mmcv._ext') is None
only_mmcv_lite = pytest.mark.skipif(
    not LACKS_OPERATORS, reason='the full mmcv is installed'
)


def run_fresh(code, folder=None):
    """Run code in a new interpreter, with `folder` first on its path."""
    path = os.pathsep.join(filter(None, (str(folder or ''), os.getcwd())))
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', dedent(code)],
        env={**os.environ, 'PYTHONPATH': path},
        capture_output=True,
        text=True,
        check=False,
    )


def output_of(code, folder=None):
    """What code prints in a new interpreter, where it must not fail."""
    run = run_fresh(code, folder)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def write_package(folder, **modules):
    """Write modules, named with `__` for a dot, each in a package of its own."""
    for name, code in modules.items():
        target = folder.joinpath(*name.split('__'))
        target.mkdir(parents=True, exist_ok=True)
        (target / '__init__.py').write_text(dedent(code))


# Light imports


def test_importing_the_package_imports_nothing_heavy():
    heavy = ('torch', 'numpy', 'mmengine', 'mmcv')
    code = f'import sys, classroomkd_mm; print(*set({heavy}) & set(sys.modules))'
    assert output_of(code) == []


def test_the_functional_interface_imports_torch_alone():
    code = """
    import sys
    from classroomkd_mm import classroom_loss, ClassroomOutput
    print(*(name for name in sys.modules if name.startswith('mm') and '.' not in name))
    """
    assert set(output_of(code)) <= {'mmap'}


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match='no_such_name'):
        _ = classroomkd_mm.no_such_name


# Everything imports, and our components come with it


@pytest.mark.parametrize('name', EXTENDED)
def test_what_is_extended_imports(name):
    importlib.import_module(name)


@pytest.mark.parametrize(
    ('extended', 'registry', 'component'),
    [
        ('mmrazor.models', 'mmrazor.registry.MODELS', 'ClassroomDistill'),
        ('mmrazor.models', 'mmrazor.registry.MODELS', 'ClassroomKDLoss'),
        ('mmrazor.engine', 'mmrazor.registry.HOOKS', 'ClassroomHook'),
    ],
)
def test_a_component_is_registered_with_what_it_extends(extended, registry, component):
    importlib.import_module(extended)
    module, _, name = registry.rpartition('.')
    assert component in getattr(importlib.import_module(module), name).module_dict


@pytest.mark.slow
@pytest.mark.parametrize(
    'code',
    [
        'import mmpretrain.models, classroomkd_mm, mmrazor.models',
        'import classroomkd_mm.models.distillers',
    ],
)
def test_the_order_of_imports_does_not_matter(code):
    code = f"""
    {code}
    from mmrazor.registry import MODELS
    print('ClassroomDistill' in MODELS.module_dict)
    """
    assert output_of(code)[-1] == 'True'


# Stand-ins, with small packages in the place of the real ones


def write_mmcv(folder, ext):
    """Write a package like mmcv, with `ext` as the code of its operators."""
    write_package(
        folder,
        mmcv='',
        mmcv__ops="""
        from importlib import import_module
        import_module('mmcv._ext')
        class RoIAlign: real = True
        """,
        mmcv__ops__nms='def nms(): return "real"',
    )
    if ext is not None:
        (folder / 'mmcv' / '_ext.py').write_text(ext)


def test_operators_that_are_there_are_left_alone(tmp_path):
    write_mmcv(tmp_path, ext='')
    code = """
    import classroomkd_mm, mmcv.ops
    from mmcv.ops.nms import nms
    print(mmcv.ops.RoIAlign.real, nms(), type(mmcv.ops).__name__)
    """
    assert output_of(code, tmp_path) == ['True', 'real', 'module']


def test_operators_that_are_broken_are_reported(tmp_path):
    write_mmcv(tmp_path, ext='raise ImportError("undefined symbol")')
    run = run_fresh('import classroomkd_mm, mmcv.ops', tmp_path)
    assert 'undefined symbol' in run.stderr


def test_operators_that_are_missing_are_stood_in_for(tmp_path):
    write_mmcv(tmp_path, ext=None)
    code = """
    import classroomkd_mm, mmcv.ops
    from mmcv.ops.nms import nms
    print(type(mmcv.ops).__name__, nms.__module__)
    """
    assert output_of(code, tmp_path) == ['StandInModule', 'mmcv.ops.nms']


# What MMRazor raises for names that PyTorch 2 has moved.
KNOWN = "raise ImportError('`torch>=1.13` is not installed properly, plz check.')"


@pytest.mark.parametrize(
    ('code', 'found'),
    [('class QConfigHandler: real = True', 'module'), (KNOWN, 'StandInModule')],
)
def test_quantization_is_stood_in_for_where_it_fails(tmp_path, code, found):
    write_package(
        tmp_path,
        mmrazor='',
        mmrazor__structures='from .quantization import *',
        mmrazor__structures__quantization=code,
    )
    code = """
    import classroomkd_mm
    from mmrazor.structures import quantization
    print(type(quantization).__name__, hasattr(quantization.QConfigHandler, 'real'))
    """
    assert output_of(code, tmp_path) == [found, str(found == 'module')]


def test_quantization_that_is_broken_is_reported(tmp_path):
    write_package(
        tmp_path,
        mmrazor='',
        mmrazor__structures='from .quantization import *',
        mmrazor__structures__quantization='import gone',
    )
    run = run_fresh('import classroomkd_mm, mmrazor.structures', tmp_path)
    assert "No module named 'gone'" in run.stderr


# Stand-ins, for real


@only_mmcv_lite
def test_an_operator_says_what_is_missing_and_how_to_get_it():
    from mmcv.ops import batched_nms

    with pytest.raises(
        compat.NotAvailableError,
        match=r'mmcv\.ops\.batched_nms .*mmcv-lite.*mim install mmcv==2\.1\.0',
    ):
        batched_nms(torch.zeros(1, 4))


@only_mmcv_lite
def test_an_operator_can_be_subclassed_but_not_built():
    from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttention

    class Attention(MultiScaleDeformableAttention):
        def __init__(self):
            pass

    assert not isinstance(torch.nn.Identity(), Attention)
    with pytest.raises(compat.NotAvailableError, match='MultiScaleDeformableAttention'):
        Attention()


@only_mmcv_lite
def test_an_operator_with_the_name_of_a_module_refuses_too():
    importlib.import_module('mmcv.ops.nms')
    from mmcv.ops import nms

    with pytest.raises(compat.NotAvailableError, match=r'mmcv\.ops\.nms'):
        nms(torch.zeros(1, 4))


@only_mmcv_lite
def test_mmcv_lite_still_reports_that_it_has_no_compiler():
    with pytest.raises(ModuleNotFoundError):
        from mmcv.ops import get_compiler_version  # noqa: F401


# Checkpoints


def log_buffer():
    from mmengine.logging import HistoryBuffer

    importlib.import_module('mmengine.runner')
    buffer = HistoryBuffer()
    buffer.update(1.5)
    buffer.update(2, 3)
    return buffer


def test_log_buffers_load_with_weights_only(tmp_path):
    import numpy as np

    compat.allow_log_buffers()
    stored = dict(
        loss=log_buffer(),
        empty=type(log_buffer())(),
        best=np.float64(0.5),
        n=np.int64(3),
    )
    torch.save(stored, tmp_path / 'run.pth')
    loaded = torch.load(tmp_path / 'run.pth', weights_only=True)
    assert loaded['loss'].mean() == pytest.approx((1.5 + 2) / (1 + 3))
    assert loaded['loss'].statistics('max') == 2
    assert (loaded['best'], loaded['n']) == (0.5, 3)


class Reaching:
    """Pickled, it asks for an attribute of anything."""

    def __init__(self, owner, name):
        self.wish = (owner, name)

    def __reduce__(self):
        return getattr, self.wish


@pytest.mark.parametrize('owner', ['buffer', 'other'])
def test_nothing_else_loads_with_weights_only(tmp_path, owner):
    owner = type(log_buffer()) if owner == 'buffer' else torch.Tensor
    torch.save(Reaching(owner, '__init__'), tmp_path / 'evil.pth')
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / 'evil.pth', weights_only=True)


def test_a_run_resumes(tmp_path):
    from mmengine.model import BaseModel
    from mmengine.runner import Runner

    class Model(BaseModel):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)

        def forward(self, x, mode='loss'):
            return dict(loss=self.layer(x).square().mean())

    def train(epochs, **options):
        runner = Runner(
            model=Model(),
            work_dir=str(tmp_path),
            train_dataloader=torch.utils.data.DataLoader(
                [dict(x=torch.ones(2))] * 4, batch_size=2
            ),
            train_cfg=dict(by_epoch=True, max_epochs=epochs),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(logger=dict(type='LoggerHook', interval=1)),
            experiment_name=f'resume_{epochs}',
            **options,
        )
        runner.train()
        return runner

    train(1)
    resumed = train(2, resume=True)
    history, _ = resumed.message_hub.get_scalar('train/loss').data
    assert len(history) == 4
