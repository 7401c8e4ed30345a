# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A mentor's own input, derived from the student's normalised batch."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from torch import Tensor, nn


class Normalization(NamedTuple):
    """How a network's data preprocessor treats the channels of an image.

    Attributes:
        mean (Tensor): (C, 1, 1), of the pixel values from 0 to 255.
        std (Tensor): (C, 1, 1).
        swaps_channels (bool): Whether it turns BGR into RGB or the reverse.
    """

    mean: Tensor
    std: Tensor
    swaps_channels: bool


def normalization_of(preprocessor: Any) -> Normalization | None:
    """Read the normalization of a data preprocessor.

    Args:
        preprocessor (nn.Module | Mapping | None): MMEngine's, MMPretrain's or
            MMPose's, or a dict with mean, std and to_rgb.

    Returns:
        Normalization | None: None where there is no preprocessor.
    """
    if preprocessor is None:
        return None
    if isinstance(preprocessor, Mapping):
        mean, std = preprocessor.get('mean'), preprocessor.get('std')
        swaps = bool(preprocessor.get('to_rgb', False))
    else:
        mean = getattr(preprocessor, 'mean', None)
        std = getattr(preprocessor, 'std', None)
        swaps = any(
            bool(getattr(preprocessor, name, False))
            for name in ('to_rgb', '_channel_conversion')
        )
    if mean is None or std is None:
        mean, std = (0.0,), (1.0,)
    mean, std = (
        torch.as_tensor(value, dtype=torch.float32).detach().cpu().view(-1, 1, 1)
        for value in (mean, std)
    )
    return Normalization(mean, std, swaps)


class InputAdapter(nn.Module):
    """Turn the student's batch into what a mentor was trained on.

    The student's normalization is undone and the mentor's applied, in one
    multiplication and addition whose factors are computed here; channels are
    swapped if just one of the two swaps them; the image is resized if the mentor
    has an input size.

    Source: docs/architecture.md, promise 2.

    Args:
        student (Normalization, optional): The student's. None leaves the values.
        mentor (Normalization, optional): The mentor's. None: as the student's.
        size (tuple[int, int], optional): Height and width for the mentor, in
            pixels. Defaults to the student's.
    """

    def __init__(
        self,
        student: Normalization | None,
        mentor: Normalization | None,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.swap = False
        self.register_buffer('scale', None)
        self.register_buffer('shift', None)
        if student is None or mentor is None:
            return
        self.swap = student.swaps_channels != mentor.swaps_channels
        mean, std = student.mean, student.std
        if self.swap:
            mean, std = mean.flip(0), std.flip(0)
        scale, shift = std / mentor.std, (mean - mentor.mean) / mentor.std
        if not ((scale == 1).all() and (shift == 0).all()):
            self.scale, self.shift = scale, shift

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement] | None = None,
    ) -> Tensor:
        """Adapt a batch.

        Args:
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement], optional): N samples; a
                sub-class may find the mentor's images in them.

        Returns:
            Tensor: The mentor's, (N, C, H', W').
        """
        if self.swap:
            inputs = inputs.flip(1)
        if self.scale is not None:
            inputs = torch.addcmul(self.shift, inputs, self.scale)
        if self.size is not None and inputs.shape[-2:] != self.size:
            inputs = F.interpolate(inputs, self.size, mode='bilinear', antialias=True)
        return inputs
