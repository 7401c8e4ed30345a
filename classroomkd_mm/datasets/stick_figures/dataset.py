# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Stick figures as an MMPose data set."""

import os.path as osp

from mmpose.datasets import CocoDataset
from mmpose.registry import DATASETS

from .coco_files import write_stick_figures
from .drawing import SPLITS

# Part of the folder name, so that files of an older drawing are not reused.
# Raise it with every change to the pictures or their annotations.
_EDITION = 1


@DATASETS.register_module()
class StickFiguresDataset(CocoDataset):
    """COCO-style keypoints of people drawn from bones: nothing to download.

    The pictures (128 by 128 pixels, one person each) are drawn when the data set
    is first loaded, into a folder of ``data_root`` named after its parameters,
    and found there afterwards. From then on this is MMPose's own
    ``CocoDataset``, with its pipelines; ``CocoMetric`` needs no ``ann_file``.

    The same ``split``, ``num_images`` and ``seed`` give the same pictures, and a
    smaller ``num_images`` gives the first of them.

    Args:
        split: 'train', 'val' or 'test'.
        num_images: How many pictures to draw.
        seed: Seed of the whole data set, not of the training run.
        data_root: Folder that the folders of all splits live in.
        **kwargs: The remaining arguments of ``CocoDataset``, such as
            ``pipeline`` and ``test_mode``.

    Raises:
        ValueError: If there is no such split.
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
                f'split of StickFiguresDataset is {split!r}; '
                f'it has to be one of {SPLITS}'
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
        """Draw the pictures if they are not there, then read them as COCO's.

        Returns:
            MMPose's record of each person.
        """
        write_stick_figures(self.data_root, **self._drawing)
        return super().load_data_list()
