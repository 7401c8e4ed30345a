# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Sums over all processes of a distributed training."""

import torch.distributed as dist
from torch import Tensor


def sum_over_processes(totals: Tensor) -> Tensor:
    """Add up the totals of all processes.

    Args:
        totals (Tensor): Of this process; overwritten.

    Returns:
        Tensor: The global totals; those of this process if it is the only one.
    """
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(totals)
    return totals
