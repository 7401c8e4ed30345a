# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Detecting records that are missing, or that the network overwrote in place.

A recorder stores a reference to a tensor, not a copy. PyTorch counts the in-place
changes of a tensor as its version. The version is stored with the record, and compared
when the record is used.
"""

from functools import partial
from typing import Any

import torch
from mmrazor.models.task_modules import RecorderManager
from mmrazor.models.task_modules.recorder.base_recorder import BaseRecorder
from torch import Tensor

from ...nested import tensors_of


class VersionedBuffer(list):
    """A recorder's buffer that stores the tensor versions of each record."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: list[dict[int, int]] = []

    def append(self, record: Any) -> None:
        """Append a record, and store its versions.

        Args:
            record (Any): A tensor, or nested tuples, lists and dicts of tensors.
        """
        super().append(record)
        # A compiled network changes nothing in place, and its tensors have no versions.
        tensors = () if torch.compiler.is_compiling() else tensors_of(record)
        self.versions.append({id(t): version_of(t) for t in tensors})

    def __reduce__(self) -> tuple:
        """Copy as an empty buffer, since records belong to a batch."""
        return VersionedBuffer, ()


def keep_versions(manager: RecorderManager) -> None:
    """Make all recorders store the versions of the tensors that they record.

    Args:
        manager (RecorderManager): MMRazor's manager. Recorders with their own kind of
            buffer, such as parameter recorders, stay unchanged.
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
    """Reject a record that is missing, or that was overwritten after recording.

    Args:
        recorder (BaseRecorder): The recorder.
        record_idx (int): Index of the record.
        data_idx (int, optional): Index of the item to use from the record.
        name (str): Name of the recorder.
        owner (str): Owner of the network, for the message.

    Raises:
        ValueError: If nothing was recorded, or a tensor was overwritten.
    """
    buffer, source = recorder.data_buffer, recorder.source
    if not buffer:
        raise ValueError(
            f'The recorder {name!r} of {owner} recorded nothing: {source!r} was not '
            'called. Hooks do not run if the forward of a module is called directly: '
            'record a module inside it.'
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
        f'The recorder {name!r} of {owner} holds an output of {source!r} that the '
        'network has overwritten in place, as `out += identity` does in a residual '
        'block, so the loss would see the overwritten value. To use this value, record '
        f'the outputs of {instead}; otherwise record a module before {source!r}.'
    )


def version_of(tensor: Tensor) -> int:
    """Get the number of in-place changes of a tensor.

    Args:
        tensor (Tensor): Any tensor.

    Returns:
        int: The version; 0 for an inference-mode tensor, which has none.
    """
    return 0 if tensor.is_inference() else tensor._version


def _reset(recorder: BaseRecorder) -> None:
    """Start a new buffer; replaces MMRazor's method."""
    recorder._data_buffer = VersionedBuffer()
