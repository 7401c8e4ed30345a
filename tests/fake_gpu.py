# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Finding, without a GPU, what a GPU would be waited for.

Tensors of PyTorch's FakeTensorMode have a device and a shape, but no values. What asks
for a value is an error there; what copies between CPU and GPU is seen here.
"""

import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def devices(values):
    """The types of devices of all tensors among values."""
    return {v.device.type for v in tree_leaves(values) if isinstance(v, torch.Tensor)}


class Copies(TorchDispatchMode):
    """Note the operators that copy between CPU and GPU."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        given = (args, kwargs or {})
        result = function(*args, **given[1])
        name, places = str(function), devices((given, result))
        if ('copy' in name or 'index' in name) and len(places) > 1:
            self.found.append(name)
        return result


class FakeGPU:
    """Something to run a training step on."""

    def __init__(self):
        self.mode = FakeTensorMode(allow_non_fake_inputs=True)
        try:
            self.tensor(1)
        except (RuntimeError, AssertionError) as error:
            pytest.skip(f'This PyTorch fakes no GPU: {error}')

    def tensor(self, *shape, dtype=torch.float32):
        """A tensor without values."""
        with self.mode:
            return torch.empty(shape, dtype=dtype, device='cuda')

    def take(self, module):
        """Replace all weights and buffers of a module."""
        for part in module.modules():
            for name, weight in part._parameters.items():
                if weight is not None:
                    fake = self.tensor(*weight.shape, dtype=weight.dtype)
                    fake = nn.Parameter(fake, requires_grad=weight.requires_grad)
                    part._parameters[name] = fake
            for name, value in part._buffers.items():
                if value is not None:
                    part._buffers[name] = self.tensor(*value.shape, dtype=value.dtype)
            if hasattr(part, '_device'):  # of a data preprocessor
                part._device = torch.device('cuda')
        return module

    def copies(self, function, *arguments):
        """Run a function; name its operators that copy between CPU and GPU."""
        watch = Copies()
        with self.mode, watch:
            function(*arguments)
        return watch.found
