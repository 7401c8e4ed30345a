# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Crops of the same person at the input sizes of pose mentors."""

from collections.abc import Sequence

import torch
from mmpose.datasets.transforms import PackPoseInputs, TopdownAffine
from mmpose.registry import TRANSFORMS

from .inputs import crop_field


@TRANSFORMS.register_module()
class ClassroomTopdownAffine(TopdownAffine):
    """MMPose's TopdownAffine, which also cuts the crops of mentors.

    All crops show the same box of the full image, with the same rotation and
    flip, each at its own resolution; where a mentor's input has other proportions,
    the box is extended. Transforms that come later (colours, erased patches) see
    the student's crop only.

    Source: docs/architecture.md, promise 2.

    Args:
        mentor_sizes (Sequence[tuple[int, int]]): Widths and heights of the mentors'
            inputs, those that differ from ``input_size``, in pixels.
        **kwargs: ``input_size`` and ``use_udp`` of TopdownAffine.

    Raises:
        ValueError: If there is no mentor size, or one that is no pair of positive
            ints.
    """

    def __init__(self, mentor_sizes: Sequence[tuple[int, int]], **kwargs) -> None:
        super().__init__(**kwargs)
        sizes = [tuple(size) for size in mentor_sizes]
        if not sizes or not all(
            len(size) == 2 and all(isinstance(x, int) and x > 0 for x in size)
            for size in sizes
        ):
            raise ValueError(
                'ClassroomTopdownAffine: mentor_sizes must be a list of (width, '
                f'height) in pixels, but got {mentor_sizes!r}. Without larger mentors '
                'use TopdownAffine.'
            )
        self.affines = [TopdownAffine(size, self.use_udp) for size in sizes]

    def transform(self, results: dict) -> dict:
        """Cut the student's crop and those of the mentors.

        Args:
            results (dict): As for TopdownAffine.

        Returns:
            dict: The same, and under ``mentor_crops`` a dict of crops, uint8
            (H', W', C), by their field of the data sample.
        """
        image = results['img']
        # First the student's, which gives the box the proportions of its input.
        results = super().transform(results)
        box = {key: results[key] for key in BOX_KEYS if key in results}
        results['mentor_crops'] = {
            crop_field(affine.input_size[::-1]): affine.transform(
                {'img': image, **box}
            )['img']
            for affine in self.affines
        }
        return results


BOX_KEYS = ('bbox_center', 'bbox_scale', 'bbox_rotation')


@TRANSFORMS.register_module()
class PackClassroomInputs(PackPoseInputs):
    """MMPose's PackPoseInputs, which also packs the crops of mentors.

    They become fields of the data sample, uint8 tensors (C, H', W').
    """

    def transform(self, results: dict) -> dict:
        """Pack a sample.

        Args:
            results (dict): As for PackPoseInputs, with ``mentor_crops``.

        Returns:
            dict: ``inputs`` and ``data_samples``.

        Raises:
            KeyError: If there are no crops.
        """
        if 'mentor_crops' not in results:
            raise KeyError(
                'PackClassroomInputs has no mentor_crops to pack: put '
                'ClassroomTopdownAffine in the place of TopdownAffine.'
            )
        packed = super().transform(results)
        for field, crop in results['mentor_crops'].items():
            crop = torch.from_numpy(crop).permute(2, 0, 1).contiguous()
            packed['data_samples'].set_field(crop, field)
        return packed
