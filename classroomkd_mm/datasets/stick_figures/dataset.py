# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Stick figures as an MMPose dataset."""

import os.path as osp

from mmpose.datasets import CocoDataset
from mmpose.registry import DATASETS

from .coco_files import write_stick_figures
from .drawing import SPLITS

# Part of the folder name, so that files of an older version are not reused.
# Increase it with every change to the images or annotations.
_EDITION = 1


@DATASETS.register_module()
class StickFiguresDataset(CocoDataset):
    """COCO-style keypoints of synthetic stick figures: nothing to download.

    The images (128 x 128 pixels, one person each) are drawn when the dataset is first
    loaded, and cached in a folder below ``data_root`` that is named after the
    parameters. Otherwise this is MMPose's ``CocoDataset``, with its pipelines;
    ``CocoMetric`` needs no ``ann_file``.

    The same ``split``, ``num_images`` and ``seed`` give the same images. A smaller
    ``num_images`` gives the first of them.

    Args:
        split: 'train', 'val' or 'test'.
        num_images: Number of images to draw.
        seed: Seed of the whole dataset, not of the training run.
        data_root: Folder that holds the folders of all splits.
        **kwargs: Other arguments of ``CocoDataset``, such as ``pipeline`` and
            ``test_mode``.

    Raises:
        ValueError: If the split does not exist.
    """

    def __init__(
        self,
        split: str,
        num_images: int,
        seed: int = 0,
        data_root: str = 'data/stick_figures',
        **kwargs,
    ) -> None:
        if split not in SPLITS:
            raise ValueError(
                f'split of StickFiguresDataset must be one of {SPLITS}, '
                f'but got {split!r}.'
            )
        self._drawing = dict(split=split, num_images=num_images, seed=seed)
        name = f'{split}_{num_images}_seed{seed}_v{_EDITION}'
        super().__init__(
            ann_file='annotations.json',
            data_root=osp.join(data_root, name),
            data_prefix=dict(img='images'),
            **kwargs,
        )

    def load_data_list(self) -> list:
        """Draw the images if they do not exist, then load them as COCO files.

        Returns:
            The data information of each person, as in ``CocoDataset``.
        """
        write_stick_figures(self.data_root, **self._drawing)
        return super().load_data_list()
