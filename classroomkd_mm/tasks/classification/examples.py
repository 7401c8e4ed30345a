# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Images and labels to try a classifier on."""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from .classes import configured_classes
from .likelihood import SIGMOID, likelihood_of

SIZE = 2
SIDES = (32, 64, 224, 28, 48, 96, 128)
"""Heights of the images of usual data sets, in pixels; CIFAR and ImageNet first."""


def example_batches(
    student: nn.Module,
) -> Iterator[tuple[Tensor, Sequence[BaseDataElement]]]:
    """Generate batches, at every usual size where the student has none of its own.

    Args:
        student (nn.Module): A classifier of MMPretrain.

    Yields:
        tuple: Images (N, C, H, W) and N samples, labelled as its batch augmentations
        leave them. None at all if the number of classes is not known.
    """
    classes = configured_classes(student)
    if classes is None:
        return
    convolutions = (m for m in student.modules() if isinstance(m, nn.Conv2d))
    channels = getattr(next(convolutions, None), 'in_channels', 3)
    own_size = getattr(getattr(student, 'backbone', None), 'img_size', None)
    for size in [own_size] if own_size else SIDES:
        height, width = (size, size) if isinstance(size, int) else size
        images = torch.randn(SIZE, channels, height, width)
        yield images, _samples(student, classes)


def _samples(student: nn.Module, classes: int) -> list[BaseDataElement]:
    """Label the images, softly where the student's training has soft labels."""
    from mmpretrain.structures import DataSample

    preprocessor = student.data_preprocessor
    mixes = getattr(preprocessor, 'batch_augments', None) is not None
    # MMPretrain's binary cross-entropy takes no class numbers.
    soft = (
        mixes
        or getattr(preprocessor, 'to_onehot', False)
        or likelihood_of(student, 'The student') == SIGMOID
    )
    samples = []
    for index in range(SIZE):
        label = torch.randint(classes, (1,))
        sample = DataSample().set_gt_label(label)
        if soft:
            score = F.one_hot(label[0], classes).float()
            sample.set_gt_score(torch.rand(classes).softmax(0) if mixes else score)
        sample.set_field(torch.tensor(index), 'sample_idx', field_type='metainfo')
        samples.append(sample)
    return samples
