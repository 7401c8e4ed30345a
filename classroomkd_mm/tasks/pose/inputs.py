# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Input of a pose mentor whose input size differs from the student's."""

from collections.abc import Hashable, Sequence

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from ..inputs import InputAdapter, Normalization
from .alignment import PoseAligner

CROP = 'mentor_crop_'


def crop_field(size: tuple[int, int]) -> str:
    """Return the name of the data sample's field for a crop.

    Args:
        size (tuple[int, int]): Height and width, in pixels.

    Returns:
        str: The name.
    """
    return f'{CROP}{size[0]}x{size[1]}'


def mirror_crops(data_samples: Sequence[BaseDataElement]) -> list[BaseDataElement]:
    """Mirror the crops for mentors, as the student's are in a flip test.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples, which may carry crops.

    Returns:
        list[BaseDataElement]: N samples that carry nothing but the mirrored crops.
    """
    mirrored = []
    for sample in data_samples:
        mirrored.append(type(sample)())
        for field, crop in sample.items():
            if field.startswith(CROP):
                mirrored[-1].set_field(crop.flip(-1), field)
    return mirrored


class PoseInputAdapter(InputAdapter):
    """Provide a crop of the person at the mentor's input size.

    If the pipeline contains ``ClassroomTopdownAffine`` and ``PackClassroomInputs``, the
    data samples hold a crop of the same box, cut from the full image at this size.
    Otherwise the student's crop is resized, which adds no detail.

    Source: docs/architecture.md, promise 2.

    Args:
        name (str): The mentor's name.
        student (Normalization, optional): Normalisation of the student's images.
        mentor (Normalization, optional): Normalisation of the mentor's images.
        size (tuple[int, int]): Height and width of the mentor's input, in pixels.
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
        """Return the mentor's crops, or resize the student's.

        Args:
            inputs (Tensor): The student's normalised crops, (N, C, H, W).
            data_samples (Sequence[BaseDataElement], optional): N samples, which
                may hold crops, uint8, (C, H', W').

        Returns:
            Tensor: The mentor's normalised crops, (N, C, H', W').

        Raises:
            ValueError: If there are no crops and the student's have another aspect
                ratio: the mentor was not trained on stretched people.
        """
        if data_samples and self.field in data_samples[0]:
            crops = torch.stack([sample.get(self.field) for sample in data_samples])
            crops = crops.flip(1) if self.swaps_channels else crops
            return (crops.to(inputs.dtype) - self.mean) / self.std
        height, width = inputs.shape[-2:]
        if height * self.size[1] != width * self.size[0]:
            raise ValueError(
                f'Mentor {self.name!r} needs crops of {self.size[0]}x{self.size[1]} '
                f'pixels (height x width), but the student has {height}x{width}, '
                'another aspect ratio. Cut separate crops in train_pipeline, and in '
                'val_pipeline if ClassroomValLoop measures it: replace '
                'TopdownAffine with ClassroomTopdownAffine, with '
                f'mentor_sizes=[({self.size[1]}, {self.size[0]})] (width, height), and '
                'PackPoseInputs with PackClassroomInputs.'
            )
        return super().forward(inputs)


def build_pose_adapter(
    name: str,
    student: Normalization | None,
    mentor: Normalization | None,
    size: tuple[int, int] | None,
    aligner: PoseAligner,
) -> InputAdapter:
    """Build the input adapter of a pose mentor, with the input size of its codec.

    Args:
        name (str): The mentor's name.
        student (Normalization, optional): Normalisation of the student's images.
        mentor (Normalization, optional): Normalisation of the mentor's images.
        size (tuple[int, int], optional): Size in the config; if given, it must be that
            of the codec.
        aligner (PoseAligner): The mentor's aligner, which holds both codecs.

    Returns:
        InputAdapter: An adapter that provides crops if the sizes differ.

    Raises:
        ValueError: If the size in the config differs from that of the codec.
    """
    width, height = aligner.mentor.input_size
    if size not in (None, (height, width)):
        raise ValueError(
            f'Mentor {name!r}: input_size={size} (height, width) contradicts the codec '
            f'of its head, {(height, width)}. Remove input_size: a pose mentor always '
            'gets the size that it was trained with.'
        )
    if aligner.mentor.input_size == aligner.student.input_size:
        return InputAdapter(student, mentor, (height, width))
    return PoseInputAdapter(name, student, mentor, (height, width))
