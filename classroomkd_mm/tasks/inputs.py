# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Deriving a mentor's input from the student's normalised batch."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from torch import Tensor, nn


class Normalization(NamedTuple):
    """Normalisation of images by a network's data preprocessor.

    Attributes:
        mean (Tensor): (C, 1, 1), for pixel values from 0 to 255.
        std (Tensor): (C, 1, 1), for pixel values from 0 to 255.
        swaps_channels (bool): Whether it converts BGR to RGB or RGB to BGR.
        given (bool): Whether the preprocessor defines mean and std. If not, mean is 0
            and std is 1.
    """

    mean: Tensor
    std: Tensor
    swaps_channels: bool
    given: bool = True


def normalization_of(preprocessor: Any) -> Normalization | None:
    """Read the normalisation of a data preprocessor.

    Args:
        preprocessor (nn.Module | Mapping | None): A data preprocessor of MMEngine,
            MMPretrain or MMPose, or a dict with mean, std and to_rgb.

    Returns:
        Normalization | None: None if there is no preprocessor.
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
    given = mean is not None and std is not None
    if not given:
        mean, std = (0.0,), (1.0,)
    mean, std = (
        torch.as_tensor(value, dtype=torch.float32).detach().cpu().view(-1, 1, 1)
        for value in (mean, std)
    )
    return Normalization(mean, std, swaps, given)


def check_normalization(
    mentor: str, student: Normalization | None, network: Normalization | None
) -> None:
    """Reject mean and std on one side only, since the other side's scale is unknown.

    A preprocessor without mean and std does not define the value range of its network's
    input: `Normalize` in the pipeline may have changed it.

    Args:
        mentor (str): The mentor's name, for messages.
        student (Normalization, optional): The student's normalisation.
        network (Normalization, optional): The mentor's normalisation.

    Raises:
        ValueError: If only one of the two has mean and std.
    """
    if student is None or network is None or student.given == network.given:
        return
    lacking, has = f'Mentor {mentor!r}', 'the student'
    remedy = (
        "Set data_preprocessor=dict(mean=…, std=…, to_rgb=…) in the mentor's entry to "
        'the values that it was trained with, in its preprocessor or its pipeline, for '
        'pixel values from 0 to 255'
    )
    if network.given:
        lacking, has = 'The student', f'mentor {mentor!r}'
        remedy = (
            'Set data_preprocessor=dict(mean=…, std=…, to_rgb=…) of the student, for '
            'pixel values from 0 to 255, and remove Normalize from the pipeline'
        )
    raise ValueError(
        f'{lacking} has no mean and std in its data_preprocessor, but {has} has, so '
        f"the mentor's images cannot be derived from the student's. {remedy}; use "
        'mean=[0, 0, 0], std=[1, 1, 1] if it uses these values unchanged.'
    )


class InputAdapter(nn.Module):
    """Convert the student's batch to the input that a mentor was trained on.

    It undoes the student's normalisation and applies the mentor's, in one
    multiplication and addition with precomputed factors. It swaps the channels if only
    one of the two networks swaps them, and resizes the images if the mentor has an
    input size.

    Source: docs/architecture.md, promise 2.

    Args:
        student (Normalization, optional): The student's normalisation. None keeps the
            values.
        mentor (Normalization, optional): The mentor's normalisation. None keeps the
            values.
        size (tuple[int, int], optional): Height and width for the mentor, in pixels.
            Defaults to the student's.
    """

    def __init__(
        self,
        student: Normalization | None,
        mentor: Normalization | None,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.normalizations = (student, mentor)
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

    def key(self) -> Hashable:
        """Say what is done to a batch: the same if the keys are equal.

        Returns:
            Hashable: The options; something of its own for a sub-class, which may
            have more options than this method knows.
        """
        if type(self) is not InputAdapter:
            return id(self)
        return self._options()

    def _options(self) -> tuple:
        """All that tells this adapter from another one."""
        buffers = ((name, *x.flatten().tolist()) for name, x in self.named_buffers())
        return (self.size, self.swap, *buffers)

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement] | None = None,
    ) -> Tensor:
        """Adapt a batch.

        Args:
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement], optional): N samples; a
                subclass may read the mentor's images from them.

        Returns:
            Tensor: The mentor's images, (N, C, H', W').
        """
        if self.swap:
            inputs = inputs.flip(1)
        if self.scale is not None:
            inputs = torch.addcmul(self.shift, inputs, self.scale)
        if self.size is not None and inputs.shape[-2:] != self.size:
            inputs = F.interpolate(inputs, self.size, mode='bilinear', antialias=True)
        return inputs
