# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Training steps, and what they are made of, as calls without arguments."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..networks import run_network

Step = Callable[[], None]


def training_step(model: nn.Module, inputs: Tensor, samples: list) -> Step:
    """Prepare a step: forward, backward, and an update of the student.

    Args:
        model (nn.Module): A student or a classroom.
        inputs (Tensor): Normalised images (N, 3, H, W).
        samples (list): N data samples.

    Returns:
        Callable[[], None]: The step.
    """
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=1e-4)

    def step() -> None:
        loss, _ = model.parse_losses(model(inputs, samples, mode='loss'))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def look(mentor: nn.Module, inputs: Tensor, samples: list) -> Step:
    """Prepare the bare forward of a mentor's network, on its own images.

    Args:
        mentor (Mentor): The mentor.
        inputs (Tensor): The student's images (N, 3, H, W).
        samples (list): N data samples.

    Returns:
        Callable[[], None]: The forward.
    """
    images = mentor.adapter(inputs, samples)
    return torch.no_grad()(lambda: run_network(mentor.running, images))


def together(*steps: Step) -> Step:
    """Prepare several steps as one.

    Args:
        *steps (Callable[[], None]): The steps.

    Returns:
        Callable[[], None]: One after the other.
    """

    def all_of_them() -> None:
        for step in steps:
            step()

    return all_of_them
