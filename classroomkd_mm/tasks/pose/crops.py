# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Crops of the same person at the input sizes of pose mentors."""

from collections.abc import Sequence

import torch
from mmpose.datasets.transforms import PackPoseInputs, TopdownAffine
from mmpose.registry import TRANSFORMS

from .inputs import crop_field


@TRANSFORMS.register_module()
class ClassroomTopdownAffine(TopdownAffine):
    """MMPose's TopdownAffine, which also cuts crops for the mentors.

    All crops show the same box of the full image, with the same rotation and flip, each
    at its own resolution. If a mentor's input has another aspect ratio, the box is
    extended. Later transforms (colour, erasing) change only the student's crop.

    Source: docs/architecture.md, promise 2.

    Args:
        mentor_sizes (Sequence[tuple[int, int]]): Width and height in pixels of every
            mentor input that differs from ``input_size``.
        **kwargs: ``input_size`` and ``use_udp`` of TopdownAffine.

    Raises:
        ValueError: If ``mentor_sizes`` is empty, or a size is not a pair of positive
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
                f'height) in pixels, but got {mentor_sizes!r}. If all mentors have the '
                "student's input size, use TopdownAffine."
            )
        self.affines = [TopdownAffine(size, self.use_udp) for size in sizes]

    def transform(self, results: dict) -> dict:
        """Cut the student's crop and the mentors' crops.

        Args:
            results (dict): As for TopdownAffine.

        Returns:
            dict: The results, with ``mentor_crops``: a dict of crops, uint8
            (H', W', C), by the field of the data sample that will hold them.
        """
        image = results['img']
        # The student's crop comes first, since it fixes the aspect ratio of the box.
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
    """MMPose's PackPoseInputs, which also packs the mentors' crops.

    The crops become fields of the data sample, uint8 tensors (C, H', W').
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
                'PackClassroomInputs found no mentor_crops to pack: replace '
                'TopdownAffine with ClassroomTopdownAffine.'
            )
        packed = super().transform(results)
        for field, crop in results['mentor_crops'].items():
            crop = torch.from_numpy(crop).permute(2, 0, 1).contiguous()
            packed['data_samples'].set_field(crop, field)
        return packed
