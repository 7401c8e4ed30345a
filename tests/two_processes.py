# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Running a function in two processes that talk through gloo."""

import os
import socket

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing


def free_port():
    """A port that nobody listens to."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]


def in_two_processes(function, folder):
    """Call ``function(rank, folder)`` in both; it needs to be in an importable file.

    What it returns has to be safe to load, and is returned for rank 0 and 1.
    """
    multiprocessing.spawn(_process, (free_port(), function, folder), nprocs=2)
    return [torch.load(folder / f'{rank}.pt', weights_only=True) for rank in (0, 1)]


def _process(rank, port, function, folder):
    os.environ.update(
        MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port), RANK=str(rank),
        LOCAL_RANK=str(rank), WORLD_SIZE='2',
    )  # fmt: skip
    torch.set_num_threads(1)
    dist.init_process_group('gloo', rank=rank, world_size=2)
    torch.save(function(rank, folder), folder / f'{rank}.pt')
    dist.destroy_process_group()
