# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The input of a pose mentor that is trained at another size than the student."""

from collections.abc import Hashable, Sequence

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from ..inputs import InputAdapter, Normalization
from .alignment import PoseAligner


def crop_field(size: tuple[int, int]) -> str:
    """Name the field of a data sample that holds a crop for mentors.

    Args:
        size (tuple[int, int]): Height and width, in pixels.

    Returns:
        str: The name.
    """
    return f'mentor_crop_{size[0]}x{size[1]}'


class PoseInputAdapter(InputAdapter):
    """Give a pose mentor a crop of the person at the mentor's own size.

    Where the pipeline has the transforms ``ClassroomTopdownAffine`` and
    ``PackClassroomInputs``, the data samples carry a crop of the same box that was
    cut from the full image at this size. Without them the student's crop is resized,
    which has the right size but no more detail.

    Source: docs/architecture.md, promise 2.

    Args:
        name (str): The mentor's name.
        student (Normalization, optional): The student's.
        mentor (Normalization, optional): The mentor's.
        size (tuple[int, int]): Height and width for the mentor, in pixels.
    """

    def __init__(
        self,
        name: str,
        student: Normalization | None,
        mentor: Normalization | None,
        size: tuple[int, int],
    ) -> None:
        super().__init__(student, mentor, size)
        self.name = name
        self.field = crop_field(size)
        self.swaps_channels = mentor is not None and mentor.swaps_channels
        mean, std = (0.0, 1.0) if mentor is None else (mentor.mean, mentor.std)
        self.register_buffer('mean', torch.as_tensor(mean))
        self.register_buffer('std', torch.as_tensor(std))

    def key(self) -> Hashable:
        """Say what is done to a batch: the same if the keys are equal.

        Returns:
            Hashable: The options.
        """
        return (self.swaps_channels, *self._options())

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement] | None = None,
    ) -> Tensor:
        """Fetch the mentor's crops, or make them of the student's.

        Args:
            inputs (Tensor): The student's normalised crops, (N, C, H, W).
            data_samples (Sequence[BaseDataElement], optional): N samples, which
                may carry crops, uint8, (C, H', W').

        Returns:
            Tensor: The mentor's normalised crops, (N, C, H', W').

        Raises:
            ValueError: If there are no crops, and the student's have other
                proportions: stretched people are not what the mentor knows.
        """
        if data_samples and self.field in data_samples[0]:
            crops = torch.stack([sample.get(self.field) for sample in data_samples])
            crops = crops.flip(1) if self.swaps_channels else crops
            return (crops.to(inputs.dtype) - self.mean) / self.std
        height, width = inputs.shape[-2:]
        if height * self.size[1] != width * self.size[0]:
            raise ValueError(
                f'Mentor {self.name!r} sees crops of {self.size[0]}x{self.size[1]} '
                f'pixels (height x width), and the student of {height}x{width}, which '
                'have other proportions. Have its crops cut in train_pipeline: put '
                f'ClassroomTopdownAffine, with mentor_sizes=[({self.size[1]}, '
                f'{self.size[0]})] (width, height), in the place of TopdownAffine, and '
                'PackClassroomInputs in that of PackPoseInputs.'
            )
        return super().forward(inputs)


def build_pose_adapter(
    name: str,
    student: Normalization | None,
    mentor: Normalization | None,
    size: tuple[int, int] | None,
    aligner: PoseAligner,
) -> InputAdapter:
    """Build what gives a pose mentor its input, at the size of its codec.

    Args:
        name (str): The mentor's name.
        student (Normalization, optional): The student's.
        mentor (Normalization, optional): The mentor's.
        size (tuple[int, int], optional): What the config says; it can only repeat
            the codec.
        aligner (PoseAligner): Knows both codecs.

    Returns:
        InputAdapter: One that fetches or resizes crops if the sizes differ.

    Raises:
        ValueError: If the config gives another size than the codec.
    """
    width, height = aligner.mentor.input_size
    if size not in (None, (height, width)):
        raise ValueError(
            f'Mentor {name!r}: input_size={size} (height, width) contradicts the codec '
            f'of its head, {(height, width)}. Leave it out: a pose mentor is always '
            'given the size that it was trained for.'
        )
    if aligner.mentor.input_size == aligner.student.input_size:
        return InputAdapter(student, mentor, (height, width))
    return PoseInputAdapter(name, student, mentor, (height, width))
