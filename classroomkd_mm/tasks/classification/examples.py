# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Generated images and labels for testing a classifier."""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from .classes import configured_classes
from .likelihood import SIGMOID, likelihood_of

SIZE = 2
SIDES = (32, 64, 224, 28, 48, 96, 128)
"""Image sizes of common datasets, in pixels, those of CIFAR and ImageNet first."""


def example_batches(
    student: nn.Module,
) -> Iterator[tuple[Tensor, Sequence[BaseDataElement]]]:
    """Generate batches of the student's image size, or of several common sizes.

    Args:
        student (nn.Module): An MMPretrain classifier.

    Yields:
        tuple: Images (N, C, H, W) and N samples, with labels as after batch
        augmentation. Nothing if the number of classes is unknown.
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
    """Generate samples, with soft labels if the student is trained with them."""
    from mmpretrain.structures import DataSample

    preprocessor = student.data_preprocessor
    mixes = getattr(preprocessor, 'batch_augments', None) is not None
    # MMPretrain's binary cross-entropy does not accept class indices.
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
