# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Generated crops and keypoints for testing a pose model."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.structures import BaseDataElement, InstanceData, PixelData
from torch import Tensor, nn

from .form import pose_form

SIZE = 2


def example_batch(student: nn.Module) -> tuple[Tensor, Sequence[BaseDataElement]]:
    """Generate crops of the size of a student's codec.

    Args:
        student (nn.Module): A top-down model of MMPose.

    Returns:
        tuple: Crops (N, C, H, W) and N samples with targets encoded by the codec.
    """
    form = pose_form(student, 'The student')
    width, height = form.input_size
    convolutions = (m for m in student.modules() if isinstance(m, nn.Conv2d))
    channels = getattr(next(convolutions, None), 'in_channels', 3)
    samples = [_sample(student.head.decoder, form.num_points) for _ in range(SIZE)]
    return torch.randn(SIZE, channels, height, width), samples


def _sample(codec: object, num_points: int) -> BaseDataElement:
    """Encode keypoints as a pipeline of MMPose does."""
    from mmpose.structures import PoseDataSample

    points = np.random.uniform(0.2, 0.8, (1, num_points, 2)) * codec.input_size
    encoded = codec.encode(
        points.astype(np.float32), np.ones((1, num_points), np.float32)
    )
    sample = PoseDataSample(gt_instance_labels=InstanceData(), gt_fields=PixelData())
    for target, table in (
        (sample.gt_instance_labels, codec.label_mapping_table),
        (sample.gt_fields, codec.field_mapping_table),
    ):
        for key, name in table.items():
            target.set_field(torch.from_numpy(encoded[key]), name)
    return sample
