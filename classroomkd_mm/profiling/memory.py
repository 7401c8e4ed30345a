# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Bytes of weights, of steps at their peak, and of checkpoints."""

import io
import json
import tempfile
from pathlib import Path

import torch
from torch import nn

from .steps import Step


def weights_of(model: nn.Module) -> int:
    """Count the bytes of a model's weights, with those of its mentors.

    Args:
        model (nn.Module): A student, a mentor, or a classroom, of which mentors with
            a cache do not count.

    Returns:
        int: Bytes.
    """
    tensors = [*model.parameters(), *model.buffers()]
    own = sum(tensor.nbytes for tensor in tensors)
    mentors = getattr(model, 'mentors', ())
    return own + sum(weights_of(m) for m in mentors if isinstance(m, nn.Module))


def peak(step: Step) -> int:
    """Measure how many bytes of tensors live at a time during a step, at most.

    Args:
        step (Callable[[], None]): The step.

    Returns:
        int: Bytes, without what lived before; on the GPU where there is one, else in
        the memory of the host.
    """
    step()  # what is made once is not part of it
    return _peak_on_gpu(step) if torch.cuda.is_available() else _peak_on_cpu(step)


def _peak_on_gpu(step: Step) -> int:
    """Ask PyTorch, which keeps count."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    step()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


def _peak_on_cpu(step: Step) -> int:
    """Add up what is allocated and freed in the course of the step."""
    with torch.profiler.profile(profile_memory=True) as profile:
        step()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'trace.json')
        profile.export_chrome_trace(str(path))
        events = json.loads(path.read_text())['traceEvents']
    events = sorted((e for e in events if e['name'] == '[memory]'),
                    key=lambda event: event['ts'])  # fmt: skip
    live = most = 0
    for event in events:
        live += event['args']['Bytes']
        most = max(most, live)
    return most


def file_size(model: nn.Module) -> int:
    """Measure a checkpoint.

    Args:
        model (nn.Module): A student or a classroom.

    Returns:
        int: Bytes of its saved state dict.
    """
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    return buffer.tell()
