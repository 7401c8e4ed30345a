# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Random batches, like those of the data loaders of the recipes."""

import torch
from mmengine.structures import InstanceData, PixelData
from torch import Tensor

from .recipes import Classroom

POINTS, HEIGHT, WIDTH = 17, 64, 48
"""Keypoints of COCO, and the size of their heatmaps for crops of 256x192."""


def make_batch(
    classroom: Classroom, size: int, device: torch.device
) -> tuple[Tensor, list]:
    """Make a random batch.

    Args:
        classroom (Classroom): Says which images.
        size (int): Samples.
        device (torch.device): Where they lie.

    Returns:
        tuple[Tensor, list]: Normalised images (N, 3, H, W), and data samples.
    """
    images = torch.randn(size, 3, *classroom.size, device=device)
    if classroom.task == 'pose':
        return images, pose_samples(size, device)
    from mmpretrain.structures import DataSample

    samples = [DataSample().set_gt_label(i % 100) for i in range(size)]
    return images, [sample.to(device) for sample in samples]


def pose_samples(count: int, device: torch.device | str) -> list:
    """Create data samples with random targets, like those of MMPose's pipeline.

    Args:
        count (int): Number of samples.
        device (torch.device | str): Device of the tensors.

    Returns:
        list[PoseDataSample]: The samples.
    """
    from mmpose.structures import PoseDataSample

    samples = []
    for _ in range(count):
        sample = PoseDataSample(
            gt_instance_labels=InstanceData(
                keypoint_weights=(torch.rand(1, POINTS) < 0.7).float()
            )
        )
        sample.gt_fields = PixelData(heatmaps=torch.rand(POINTS, HEIGHT, WIDTH))
        samples.append(sample.to(device))
    return samples
