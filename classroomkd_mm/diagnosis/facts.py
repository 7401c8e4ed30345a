# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What is to be said of a member without looking at its answers."""

import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from ..mentors.mentor import Mentor
from ..networks import run_network

RUNS = 3


def facts_of(member: Mentor, unit: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a member.

    Args:
        member (Mentor): The member.
        unit (str): What its outputs are, such as 'classes'.
        data (Mapping): ``inputs`` (N, C, H, W) and ``data_samples``.

    Returns:
        dict: For JSON.
    """
    inputs, samples = data['inputs'], data['data_samples']
    with torch.no_grad():
        images = member.adapter(inputs[:2], samples[:2])
        channels = member.channels or images.shape[1]
        if images.shape[1] == 1:
            images = images.expand(-1, channels, -1, -1)
        outputs = _count(run_network(member.network, images))
    return dict(
        source=member.source,
        sha256=member.fingerprint(),
        parameters=sum(p.numel() for p in member.network.parameters()),
        input=dict(
            channels=channels,
            height=images.shape[-2],
            width=images.shape[-1],
            **_normalization(member),
        ),
        **{unit: outputs},
        ms_per_image=_milliseconds(member, data) / len(samples),
    )


def _normalization(member: Mentor) -> dict[str, Any]:
    """Write mean, std and channel order; they are None where nothing is known."""
    found = member.adapter.normalizations[1]
    if found is None:
        return dict(mean=None, std=None, swaps_channels=None)
    mean, std = (value.flatten().tolist() for value in (found.mean, found.std))
    if not found.given:
        mean = std = None
    return dict(mean=mean, std=std, swaps_channels=found.swaps_channels)


def _count(output: Any) -> int | None:
    """Count what a network gives for an image."""
    if isinstance(output, (list, tuple)) and output:
        return _count(output[-1])
    output = getattr(output, 'logits', output)
    is_batch = isinstance(output, Tensor) and output.ndim > 1
    return output.shape[1] if is_batch else None


def _milliseconds(member: nn.Module, data: Mapping[str, Any]) -> float:
    """Measure the time of a batch, after a first look at it."""
    times = []
    for _ in range(RUNS + 1):
        _synchronize(data['inputs'])
        start = time.perf_counter()
        member(data['inputs'], data['data_samples'])
        _synchronize(data['inputs'])
        times.append(1000 * (time.perf_counter() - start))
    return median(times[1:])


def _synchronize(inputs: Tensor) -> None:
    """Wait for the device."""
    if inputs.is_cuda:
        torch.cuda.synchronize(inputs.device)
