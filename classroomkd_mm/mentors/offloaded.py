# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..networks import run_network


class Offloaded(nn.Module):
    """A frozen network whose weights stay on the CPU between two forwards.

    They are copied to the device of the images for one forward, so that at any time
    the device holds the weights of one such mentor at most.

    Source: docs/mentors.md, "Speed".

    Args:
        network (nn.Module): The network, on the CPU.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.running = _Running(network)
        if torch.cuda.is_available():  # copies of pinned memory need not be waited for
            for tensor in (*network.parameters(), *network.buffers()):
                tensor.data = tensor.data.pin_memory()

    def forward(self, images: Tensor) -> Any:
        """Run the network.

        Args:
            images (Tensor): (N, C, H, W), on any device.

        Returns:
            Any: The output of the network, on the device of the images.
        """
        weights = (*self.running.named_parameters(), *self.running.named_buffers())
        there = {
            name: tensor.to(images.device, non_blocking=True)
            for name, tensor in weights
        }
        return functional_call(self.running, there, (images,))

    def _apply(
        self, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> 'Offloaded':
        """Stay on the CPU, as loaded."""
        return self


class _Running(nn.Module):
    """A network behind one way to call it, OpenMMLab's or not."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Any:
        return run_network(self.network, images)
