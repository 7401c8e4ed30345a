# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Drawing random numbers without anybody noticing, and from a key."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def keep_random_states(device: torch.device) -> Iterator[None]:
    """Restore the generators of Python, NumPy and PyTorch afterwards.

    Args:
        device (torch.device): The device that is used besides the CPU.

    Yields:
        None: Random numbers can be drawn.
    """
    python, numpy = random.getstate(), np.random.get_state()
    devices = [device] if device.type == 'cuda' else []
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def seed_generators(*key: int) -> None:
    """Let NumPy, ``random`` and PyTorch on the CPU draw from a key from now on.

    Args:
        *key (int): Any numbers.
    """
    seeds = hashlib.blake2b(b' '.join(b'%d' % number for number in key)).digest()
    random.seed(seeds[:16])
    np.random.seed(int.from_bytes(seeds[16:20], 'little'))
    torch.default_generator.manual_seed(int.from_bytes(seeds[20:28], 'little'))
