# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MMEngine's distributed training on a machine without a GPU."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any


def start_processes_without_gpu() -> None:
    """Let MMEngine's launchers start processes that train on CPUs.

    The launchers select a GPU and choose nccl, whatever the machine has. Without any
    accelerator, no GPU is selected, and gloo replaces nccl.
    """
    module = sys.modules['mmengine.dist.utils']
    for launcher in ('pytorch', 'mpi', 'slurm'):
        name = f'_init_dist_{launcher}'
        setattr(module, name, _works_without_gpu(getattr(module, name)))


def wrap_models_on_cpu() -> None:
    """Let `MMDistributedDataParallel` wrap a model whose parameters are on the CPU.

    MMEngine's Runner always passes the local rank as the index of a GPU, which PyTorch
    refuses for such a model.
    """
    kind = sys.modules['mmengine.model.wrappers.distributed'].MMDistributedDataParallel
    init = kind.__init__

    @wraps(init)
    def init_without_gpu(self: Any, module: Any, *args: Any, **kwargs: Any) -> None:
        if all(parameter.device.type == 'cpu' for parameter in module.parameters()):
            kwargs['device_ids'] = None
        init(self, module, *args, **kwargs)

    kind.__init__ = init_without_gpu


def _works_without_gpu(start: Callable) -> Callable:
    """Wrap a function of MMEngine that joins the processes of a launcher."""

    @wraps(start)
    def start_without_gpu(backend: str, **kwargs: Any) -> None:
        from mmengine.device import get_device
        from mmengine.dist import is_main_process
        from mmengine.logging import print_log

        if get_device() != 'cpu':
            return start(backend, **kwargs)
        with _no_gpu_selected():
            start('gloo' if backend == 'nccl' else backend, **kwargs)
        if backend == 'nccl' and is_main_process():
            print_log(
                'There is no GPU: the processes train on CPUs, and communicate '
                'through gloo in the place of nccl.',
                logger='current',
                level=logging.WARNING,
            )

    return start_without_gpu


@contextmanager
def _no_gpu_selected() -> Iterator[None]:
    """Make `torch.cuda.set_device` do nothing."""
    import torch

    select = torch.cuda.set_device
    torch.cuda.set_device = lambda device: None
    try:
        yield
    finally:
        torch.cuda.set_device = select
