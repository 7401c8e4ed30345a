# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MMEngine's processes and mixed precision without a GPU, and untouched with one.

Whole runs are in tests/reliability: test_launchers.py and test_composition.py.
"""

import mmengine.device
import pytest
import torch
from mmengine.dist import utils
from mmengine.model.wrappers import distributed
from mmengine.optim import AmpOptimWrapper
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import classroomkd_mm  # noqa: F401
from classroomkd_mm.compat.processes import start_processes_without_gpu


@pytest.fixture
def started(monkeypatch):
    """What the launcher of each kind is called with, in a list."""
    calls = []
    for launcher in ('pytorch', 'mpi', 'slurm'):

        def start(backend, launcher=launcher, **kwargs):
            calls.append((launcher, backend, kwargs, torch.cuda.set_device))

        monkeypatch.setattr(utils, f'_init_dist_{launcher}', start)
    start_processes_without_gpu()
    return calls


@pytest.mark.parametrize('launcher', ['pytorch', 'mpi', 'slurm'])
@pytest.mark.parametrize('backend', ['nccl', 'gloo', 'mpi'])
def test_processes(started, monkeypatch, launcher, backend):
    select = torch.cuda.set_device
    for device, chosen in dict(
        cpu=backend.replace('nccl', 'gloo'), cuda=backend
    ).items():
        monkeypatch.setattr(mmengine.device, 'get_device', lambda device=device: device)
        utils.init_dist(launcher, backend, timeout=5)
        kind, used, kwargs, selects = started.pop()
        assert (kind, used, kwargs['timeout'].seconds) == (launcher, chosen, 5)
        assert (selects is select) == (device == 'cuda')
    assert torch.cuda.set_device is select


def test_a_failure_to_start_leaves_the_selection_of_gpus(monkeypatch):
    select = torch.cuda.set_device
    monkeypatch.setattr(mmengine.device, 'get_device', lambda: 'cpu')
    monkeypatch.delenv('RANK', raising=False)
    with pytest.raises(KeyError, match='RANK'):
        utils.init_dist('pytorch')
    assert torch.cuda.set_device is select


@pytest.mark.parametrize(('device', 'devices'), [('cpu', None), ('meta', [1])])
def test_models(monkeypatch, device, devices):
    given = {}
    monkeypatch.setattr(
        DistributedDataParallel, '__init__', lambda self, **kwargs: given.update(kwargs)
    )
    model = nn.Linear(1, 1, device=device)
    wrapper = distributed.MMDistributedDataParallel.__new__(
        distributed.MMDistributedDataParallel
    )
    nn.Module.__init__(wrapper)
    wrapper.__init__(module=model, device_ids=[1], broadcast_buffers=False)
    assert given == dict(module=model, device_ids=devices, broadcast_buffers=False)


def test_mixed_precision(monkeypatch):
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), 0.1)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(mmengine.device, 'get_device', lambda: 'cpu')
    AmpOptimWrapper(optimizer=optimizer)
    monkeypatch.setattr(mmengine.device, 'get_device', lambda: 'mps')
    with pytest.raises(AssertionError, match='only available training on gpu'):
        AmpOptimWrapper(optimizer=optimizer)


def test_bfloat16_in_numpy():
    pytest.importorskip('mmpose')
    from mmpose.models.heads.heatmap_heads import heatmap_head
    from mmpose.utils.tensor_utils import to_numpy

    assert heatmap_head.to_numpy is to_numpy
    half, wide = torch.ones(2, 3, dtype=torch.bfloat16), torch.ones(2, dtype=torch.half)
    assert to_numpy(half).tolist() == [[1.0] * 3] * 2
    assert to_numpy(wide).dtype == 'float16'
    arrays, device = to_numpy((half, wide), return_device=True)
    assert [array.dtype for array in arrays] == ['float32', 'float16']
    assert device.type == 'cpu'
    pairs = to_numpy((half, half), unzip=True)
    assert [[array.shape for array in pair] for pair in pairs] == [[(1, 3)] * 2] * 2
