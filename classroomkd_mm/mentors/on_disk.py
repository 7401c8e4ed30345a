# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Keeping weights that are rarely read on the disk instead of in memory."""

import logging
import tempfile

import torch
from mmengine.logging import print_log
from torch import nn


def move_to_disk(name: str, network: nn.Module) -> None:
    """Replace the weights of a network by their image in a temporary file.

    Each tensor stays what it is, with the same values, type and strides. The system
    reads its part of the file where somebody reads the tensor, and may drop it from
    memory again. What is written to a tensor is kept in memory, not in the file. The
    file loses its name as soon as it is written, so that it ends with the process,
    however that ends. Tensors on an accelerator stay there.

    If the file cannot be written, all stays in memory, and the log says so.

    Source: docs/mentors.md, "Speed".

    Args:
        name (str): The mentor's name, for the log.
        network (nn.Module): Its network, with weights of any type and shape.
    """
    tensors = [*network.parameters(), *network.buffers()]
    tensors = [tensor for tensor in tensors if tensor.device.type == 'cpu']
    try:
        with tempfile.NamedTemporaryFile(prefix='classroomkd_mm-') as file:
            torch.save([tensor.detach() for tensor in tensors], file.name)
            images = torch.load(file.name, mmap=True, weights_only=True)
    except (OSError, RuntimeError) as error:
        size = sum(tensor.nbytes for tensor in tensors) / 2**20
        print_log(
            f'The original weights of mentor {name!r} stay in memory ({size:.0f} MiB), '
            f'since they cannot be written to a temporary file: {error} Set TMPDIR to '
            'a folder on a disk with more space, or fast=False in its entry.',
            logger='current',
            level=logging.WARNING,
        )
        return
    for tensor, image in zip(tensors, images, strict=True):
        tensor.data = image
