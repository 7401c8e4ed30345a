# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Records that are missing, or that the network has overwritten in place since.

A recorder keeps a tensor, not a copy of it. PyTorch counts the changes of a tensor:
the number is kept beside the record, and compared when the record is used.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch
from mmrazor.models.task_modules import RecorderManager
from mmrazor.models.task_modules.recorder.base_recorder import BaseRecorder
from torch import Tensor


class VersionedBuffer(list):
    """A recorder's buffer that keeps the versions of the tensors in each record."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: list[dict[int, int]] = []

    def append(self, record: Any) -> None:
        """Keep a record.

        Args:
            record (Any): A tensor, or tuples, lists and dicts with tensors in them.
        """
        super().append(record)
        # A compiled network changes nothing in place, and has no versions to ask for.
        tensors = () if torch.compiler.is_compiling() else tensors_of(record)
        self.versions.append({id(t): version_of(t) for t in tensors})

    def __reduce__(self) -> tuple:
        """Be empty in a copy: records belong to a batch."""
        return VersionedBuffer, ()


def keep_versions(manager: RecorderManager) -> None:
    """Have all recorders note the versions of what they record.

    Args:
        manager (RecorderManager): MMRazor's. A recorder with another idea of its
            buffer, such as that of parameters, stays as it is.
    """
    for recorder in manager.recorders.values():
        if type(recorder).reset_data_buffer is BaseRecorder.reset_data_buffer:
            recorder.reset_data_buffer = partial(_reset, recorder)
            recorder.reset_data_buffer()


def check_record(
    recorder: BaseRecorder,
    record_idx: int,
    data_idx: int | None,
    name: str,
    owner: str,
) -> None:
    """Refuse a record that is missing, or is not any more what was recorded.

    Args:
        recorder (BaseRecorder): Whose record it is.
        record_idx (int): The number of the record.
        data_idx (int, optional): The item of it that is used.
        name (str): The recorder's name.
        owner (str): Whose network it is in, for the message.

    Raises:
        ValueError: If nothing was recorded, or a tensor has been changed since.
    """
    buffer, source = recorder.data_buffer, recorder.source
    if not buffer:
        raise ValueError(
            f'The recorder {name!r} of {owner} recorded nothing: {source!r} was not '
            'called. A hook does not see a module whose forward is called directly: '
            'record one inside it.'
        )
    record = recorder.get_record_data(record_idx, data_idx)
    if not isinstance(buffer, VersionedBuffer):
        return
    before = buffer.versions[record_idx]
    now = {id(t): version_of(t) for t in tensors_of(record)}
    if all(before.get(key, version) == version for key, version in now.items()):
        return
    block = source.rpartition('.')[0]
    instead = f'{block!r}, the block around it' if block else 'a module inside it'
    raise ValueError(
        f'The recorder {name!r} of {owner} holds a value of {source!r} that the '
        'network has overwritten in place since, as `out += identity` in a residual '
        'block does: the loss would see the result of that. Record instead the '
        f'outputs of {instead}; for the value before, those of a module before '
        f'{source!r}.'
    )


def tensors_of(value: Any) -> Iterator[Tensor]:
    """Find the tensors in a record.

    Args:
        value (Any): A tensor, or tuples, lists and dicts with tensors in them.

    Yields:
        Tensor: Each tensor.
    """
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_of(item)
    elif isinstance(value, Mapping):
        yield from tensors_of(list(value.values()))


def version_of(tensor: Tensor) -> int:
    """Tell how often a tensor has been changed in place.

    Args:
        tensor (Tensor): Any tensor.

    Returns:
        int: The number; 0 for a tensor of inference mode, which has none.
    """
    return 0 if tensor.is_inference() else tensor._version


def _reset(recorder: BaseRecorder) -> None:
    """Begin a new buffer, in the place of MMRazor's method."""
    recorder._data_buffer = VersionedBuffer()
