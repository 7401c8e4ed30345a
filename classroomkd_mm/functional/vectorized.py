# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Computing a function on every sample of a batch alone, at the speed of a batch."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


def for_each_sample(function: Callable[..., Tensor], *arguments: Any) -> Tensor:
    """Apply a function to each sample.

    Args:
        function (Callable): Takes the arguments of one sample, and returns a scalar.
        *arguments (Any): Tensors (N, …), or dicts, lists and tuples of them; N > 0.

    Returns:
        Tensor: (N,), with gradient.

    Raises:
        RuntimeError: If the function has operators that ``torch.func.vmap`` does not
            support, such as a selection with a mask.
    """
    with _Batchable():
        return torch.func.vmap(function, randomness='different')(*arguments)


class _Batchable(TorchFunctionMode):
    """Replace operators that `torch.func.vmap` would run on one sample at a time.

    PyTorch warns of a "performance drop" for each of them.
    """

    def __torch_function__(
        self,
        func: Callable,
        types: tuple[type, ...],
        args: tuple = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        replacement = _REPLACEMENTS.get(func, func)
        return replacement(*args, **(kwargs or {}))


def _kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = 'mean',
    log_target: bool = False,
) -> Tensor:
    """Compute `F.kl_div` from operators on single elements."""
    if log_target:
        terms = target.exp() * (target - input)
    else:
        terms = torch.xlogy(target, target) - target * input
    how = 'sum' if reduction == 'batchmean' else reduction
    if size_average is not None or reduce is not None:  # they override `reduction`
        how = 'sum' if size_average is False else 'mean'
        how = 'none' if reduce is False else how
    value = terms if how == 'none' else getattr(terms, how)()
    return value / len(input) if reduction == 'batchmean' else value


def _scatter_(
    self: Tensor, dim: int, index: Tensor, *args: Any, **kwargs: Any
) -> Tensor:
    """Compute `Tensor.scatter_` out of place, and copy."""
    return self.copy_(self.scatter(dim, index, *args, **kwargs))


_REPLACEMENTS = {F.kl_div: _kl_div, Tensor.scatter_: _scatter_}
