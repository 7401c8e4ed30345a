# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Iterations of a training on a GPU that are recorded once, as CUDA graphs.

A small network runs for less time than it takes to launch its operators one by one.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch
from mmengine.registry import OPTIMIZERS
from torch import Tensor, nn

WARM_UP = 3
"""Iterations before a recording, in which libraries choose their algorithms."""


class RecordedStep:
    """Run an iteration from CUDA graphs, one for each size of a batch.

    Recording changes neither the model nor the optimizer.

    Args:
        step (Callable[[Tensor], Any]): The iteration, forward to update. It takes the
            indices of the batch, int64 (B,). Everything else that it reads or changes
            is on the GPU, in tensors that stay.
        model (nn.Module): What it trains.
        optimizer (torch.optim.Optimizer): With the options of :func:`recordable`. It
            has made no update, and begins with zeros.
        sizes (Iterable[int]): The sizes B.

    Raises:
        RuntimeError: If the iteration cannot be recorded, for instance since it waits
            for the GPU.
    """

    def __init__(
        self,
        step: Callable[[Tensor], Any],
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        sizes: Iterable[int],
    ) -> None:
        self.optimizer = optimizer
        device = next(model.parameters()).device
        rates = [group['lr'] for group in optimizer.param_groups]
        self._rates = [torch.zeros((), device=device) for _ in rates]
        kept = [*model.parameters(), *model.buffers()]
        before = [tensor.detach().clone() for tensor in kept]
        self._graphs = {}
        try:
            self._set_rates(self._rates)
            for size in sizes:
                indices = torch.arange(size, device=device)
                self._graphs[size] = (record(step, indices), indices)
        finally:
            self._set_rates(rates)
            restore(kept, before)
            for state in optimizer.state.values():
                for value in state.values():
                    if isinstance(value, Tensor):
                        value.zero_()

    def _set_rates(self, rates: Iterable[float | Tensor]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group['lr'] = rate

    def __call__(self, indices: Tensor) -> None:
        """Run an iteration, at the learning rates that the optimizer has now.

        Args:
            indices (Tensor): Of the batch, int64 (B,); B is one of the sizes.
        """
        graph, place = self._graphs[len(indices)]
        place.copy_(indices, non_blocking=True)
        for rate, group in zip(self._rates, self.optimizer.param_groups, strict=True):
            rate.fill_(group['lr'])
        graph.replay()


def recordable(optimizer: str) -> dict[str, bool]:
    """Say with which options an optimizer can be recorded.

    Args:
        optimizer (str): Its type in a config.

    Returns:
        dict[str, bool]: ``fused``, so that the learning rate may be a tensor, and for
        those that count their updates ``capturable``, so that they do so on the GPU.
    """
    has = inspect.signature(OPTIMIZERS.get(optimizer)).parameters
    return {name: True for name in ('fused', 'capturable') if name in has}


def record(step: Callable[[Tensor], Any], indices: Tensor) -> torch.cuda.CUDAGraph:
    """Record an iteration, as PyTorch's notes on CUDA graphs say.

    Args:
        step (Callable[[Tensor], Any]): The iteration.
        indices (Tensor): Of its batch, where those of each later batch are put.

    Returns:
        torch.cuda.CUDAGraph: The recording.
    """
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UP):
            step(indices)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step(indices)
    return graph


@torch.no_grad()
def restore(tensors: Iterable[Tensor], values: Iterable[Tensor]) -> None:
    """Give tensors the values that they had.

    Args:
        tensors (Iterable[Tensor]): What to change.
        values (Iterable[Tensor]): Of the same shapes.
    """
    for tensor, value in zip(tensors, values, strict=True):
        tensor.copy_(value)
