# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What makes the result independent of the number of processes."""

import torch
import torch.distributed as dist
from torch import Tensor


def sum_over_processes(values: Tensor) -> Tensor:
    """Sum a tensor over all processes, in place.

    Args:
        values (Tensor): Of the same shape in each process, without gradient.

    Returns:
        Tensor: The same tensor; unchanged if torch.distributed is not initialised.
    """
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(values)
    return values


@torch.no_grad()
def weigh_process(num_samples: int, device: torch.device) -> Tensor:
    """Compute the weight of this process's mean over its part of the batch.

    DDP takes the mean of the gradients of P processes, in which a sample counts for
    more if its process has fewer. With the weight N_p · P / N, all N samples of the
    global batch count the same. It is exactly 1 if all parts have one size.

    Source: docs/method.md, "Distributed training".

    Args:
        num_samples (int): N_p, the size of the part of this process.
        device (torch.device): Where the loss is.

    Returns:
        Tensor: A float32 scalar.
    """
    own = torch.ones(2, device=device)
    own[:1].fill_(num_samples)  # an assignment would copy from the host
    samples, processes = sum_over_processes(own.clone())
    return own[0] * processes / samples.clamp(min=1)
