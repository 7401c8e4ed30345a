# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""How a mentor's output for one view of a sample lies on disk."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .options import CacheOptions


@dataclass(frozen=True)
class EntryForm:
    """The layout of an entry, from a mentor's output and back.

    Attributes:
        shapes (tuple[tuple[int, ...], ...]): Of each tensor of the output, for one
            sample.
        single (bool): Whether the output is a tensor, not a tuple.
        dtype (str): Of the values, 'float16' or 'float32'.
        topk (int, optional): How many logits are kept, None for all.
    """

    shapes: tuple[tuple[int, ...], ...]
    single: bool
    dtype: str
    topk: int | None

    @classmethod
    def of(cls, output: Any, options: CacheOptions, mentor: str) -> 'EntryForm':
        """Choose the layout for an output.

        Args:
            output (Tensor | tuple[Tensor, ...]): Of a batch, in the student's form.
            options (CacheOptions): What the config says.
            mentor (str): The mentor's name, for messages.

        Returns:
            EntryForm: The layout.

        Raises:
            TypeError: If the output is something else.
            ValueError: If ``topk`` does not fit the output.
        """
        single = isinstance(output, Tensor)
        tensors = (output,) if single else output
        if not isinstance(tensors, tuple) or not all(
            isinstance(tensor, Tensor) for tensor in tensors
        ):
            raise TypeError(
                f'Mentor {mentor!r} gives a {type(output).__name__}, of which only '
                'tensors and tuples of them can be cached. Remove mentor_cache.'
            )
        shapes = tuple(tuple(tensor.shape[1:]) for tensor in tensors)
        topk = options.topk
        if topk is not None and not (single and len(shapes[0]) == 1):
            raise ValueError(
                f'mentor_cache: topk={topk} is for logits, but mentor {mentor!r} gives '
                f'outputs of the shape {shapes}. Remove topk.'
            )
        if topk is not None and topk >= shapes[0][0]:
            raise ValueError(
                f'mentor_cache: topk={topk} must be less than the {shapes[0][0]} '
                f'classes of mentor {mentor!r}. Remove it to keep all.'
            )
        return cls(shapes, single, options.dtype, topk)

    @classmethod
    def from_json(cls, described: dict[str, Any]) -> 'EntryForm':
        """Read the layout from a manifest.

        Args:
            described (dict): What :meth:`to_json` returned.

        Returns:
            EntryForm: The layout.
        """
        shapes = tuple(tuple(shape) for shape in described['shapes'])
        return cls(**{**described, 'shapes': shapes})

    def to_json(self) -> dict[str, Any]:
        """Write the layout for a manifest.

        Returns:
            dict: Plain values.
        """
        return asdict(self)

    @cached_property
    def record(self) -> np.dtype:
        """np.dtype: Of one entry, with a field for each tensor."""
        if self.topk is None:
            fields = [
                (f'output_{number}', self.dtype, shape)
                for number, shape in enumerate(self.shapes)
            ]
        else:
            small = self.shapes[0][0] <= np.iinfo(np.uint16).max + 1
            fields = [
                ('classes', 'uint16' if small else 'uint32', (self.topk,)),
                ('logits', self.dtype, (self.topk,)),
                ('other', self.dtype),
            ]
        return np.dtype(fields)

    def pack(self, output: Any, mentor: str) -> np.ndarray:
        """Bring an output into the layout.

        Args:
            output (Tensor | tuple[Tensor, ...]): Of N samples.
            mentor (str): The mentor's name, for messages.

        Returns:
            np.ndarray: (N,), of the type :attr:`record`.

        Raises:
            ValueError: If it has other shapes than before, or float16 cannot hold it.
        """
        tensors = (output,) if self.single else tuple(output)
        shapes = tuple(tuple(tensor.shape[1:]) for tensor in tensors)
        if shapes != self.shapes:
            raise ValueError(
                f'Mentor {mentor!r} gives outputs of the shape {shapes}, but its '
                f'entries in the cache have {self.shapes}. Images of one size only '
                'can be cached.'
            )
        values = tuple(tensor.detach().float() for tensor in tensors)
        packed = np.empty(len(values[0]), self.record)
        parts = values if self.topk is None else _strongest(values[0], self.topk)
        for name, part in zip(self.record.names, parts, strict=True):
            packed[name] = _as_type(part, self.record[name].base, mentor)
        return packed

    def unpack(self, entries: Iterable[bytes], device: torch.device) -> Any:
        """Bring entries back into the form of an output.

        Args:
            entries (Iterable[bytes]): N entries, each of the type :attr:`record`.
            device (torch.device): Where the output is to be.

        Returns:
            Tensor | tuple[Tensor, ...]: float32.
        """
        packed = np.frombuffer(bytearray().join(entries), self.record)
        if self.topk is not None:
            return self._spread(packed, device)
        names = self.record.names
        tensors = tuple(_tensor(packed[name], device).float() for name in names)
        return tensors[0] if self.single else tensors

    def _spread(self, packed: np.ndarray, device: torch.device) -> Tensor:
        """Logits of all classes, those that were not kept being equal."""
        other = _tensor(packed['other'], device).float()
        logits = other[:, None].repeat(1, self.shapes[0][0])
        classes = _tensor(packed['classes'].astype(np.int64), device)
        return logits.scatter_(1, classes, _tensor(packed['logits'], device).float())


def _strongest(logits: Tensor, topk: int) -> tuple[Tensor, Tensor, Tensor]:
    """The k largest logits, their classes, and the one that all others get.

    The softmax of what is kept has the true probabilities of the k classes, and
    spreads the rest evenly.
    """
    values, classes = logits.topk(topk)
    others = logits.scatter(1, classes, -torch.inf).logsumexp(1)
    return classes, values, others - np.log(logits.shape[1] - topk)


def _as_type(values: Tensor, dtype: np.dtype, mentor: str) -> np.ndarray:
    """Convert values, and refuse to make finite ones infinite."""
    array = values.cpu().numpy()
    with np.errstate(over='ignore'):
        converted = array.astype(dtype)
    if dtype.kind == 'f' and (np.isinf(converted) & np.isfinite(array)).any():
        raise ValueError(
            f'Mentor {mentor!r} gives {np.abs(array[np.isfinite(array)]).max():.3g}, '
            "more than float16 can hold: use mentor_cache=dict(dtype='float32', …)."
        )
    return converted


def _tensor(values: np.ndarray, device: torch.device) -> Tensor:
    """Bring values to a device as they are stored, which is less to move."""
    tensor = torch.from_numpy(np.ascontiguousarray(values))
    return tensor.to(device, non_blocking=True)
