# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Data loaders of the recipes, over generated images."""

import json
from pathlib import Path
from typing import Any

import mmcv
import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS
from mmengine.runner import Runner
from mmengine.utils.dl_utils import set_multi_processing
from torch.utils.data import DataLoader

from .._launch import find_config
from .batches import POINTS
from .recipes import Classroom

COCO_SIZE = (480, 640)
"""Height and width of a usual image of COCO, in pixels."""


@DATASETS.register_module()
class GeneratedImages(BaseDataset):
    """Noise in the form of CIFAR-100, held in memory as CIFAR-100 is.

    Args:
        count (int): Number of images.
        **options (Any): As for every MMEngine dataset.
    """

    METAINFO = dict(classes=tuple(f'class {number}' for number in range(100)))

    def __init__(self, count: int, **options: Any) -> None:
        self.count = count
        super().__init__(**options)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Draw the images.

        Returns:
            list[dict]: ``img``, uint8 (32, 32, 3), and ``gt_label`` of each.
        """
        images = np.random.default_rng(0).integers(
            256, size=(self.count, 32, 32, 3), dtype=np.uint8
        )
        return [
            dict(img=image, gt_label=number % 100)
            for number, image in enumerate(images)
        ]


def make_loader(
    classroom: Classroom, batch_size: int, batches: int, folder: Path
) -> DataLoader:
    """Build the training data loader of a recipe, over as few images as needed.

    Args:
        classroom (Classroom): The recipe.
        batch_size (int): Samples of a batch.
        batches (int): Batches of an epoch.
        folder (Path): Where images may be written; those of an earlier call are read.

    Returns:
        DataLoader: With the pipeline, sampler and workers of the recipe. The workers
        persist, so that an epoch does not start them.
    """
    cfg = Config.fromfile(find_config(classroom.recipe))
    set_multi_processing(**cfg.env_cfg.mp_cfg)
    loader = cfg.train_dataloader
    count = batch_size * batches
    if classroom.task == 'pose':
        loader.dataset.update(write_people(folder, count))
    else:
        pipeline, scope = loader.dataset.pipeline, loader.dataset._scope_
        loader.dataset = dict(
            type='GeneratedImages', count=count, pipeline=pipeline, _scope_=scope
        )
    loader.update(batch_size=batch_size, persistent_workers=True)
    return Runner.build_dataloader(loader, seed=0)


def write_people(folder: Path, count: int) -> dict[str, Any]:
    """Write images and keypoints as COCO has them, one person in each image.

    Args:
        folder (Path): Where to.
        count (int): Number of images.

    Returns:
        dict: Options of MMPose's CocoDataset.
    """
    name = f'{count}_people.json'
    if not (folder / name).exists():
        random = np.random.default_rng(0)
        images = [write_image(folder, number, random) for number in range(1, count + 1)]
        people = [draw_person(image['id'], random) for image in images]
        categories = [dict(id=1, name='person')]
        content = dict(images=images, annotations=people, categories=categories)
        (folder / name).write_text(json.dumps(content))
    return dict(data_root=str(folder), ann_file=name, data_prefix=dict(img=''))


def write_image(
    folder: Path, number: int, random: np.random.Generator
) -> dict[str, Any]:
    """Write a JPEG of smooth noise.

    Args:
        folder (Path): Where to.
        number (int): Number of the image.
        random (np.random.Generator): What it is drawn from.

    Returns:
        dict: What COCO says of an image.
    """
    height, width = COCO_SIZE
    name = f'{number:012}.jpg'
    coarse = random.integers(256, size=(height // 8, width // 8, 3), dtype=np.uint8)
    mmcv.imwrite(mmcv.imresize(coarse, (width, height)), str(folder / name))
    return dict(id=number, file_name=name, height=height, width=width)


def draw_person(number: int, random: np.random.Generator) -> dict[str, Any]:
    """Draw keypoints, all of them visible.

    Args:
        number (int): Of the image, and of its person.
        random (np.random.Generator): What they are drawn from.

    Returns:
        dict: What COCO says of a person.
    """
    x, y, width, height = box = (160, 60, 240, 360)
    points = random.random((POINTS, 2)) * (width, height) + (x, y)
    keypoints = np.column_stack([points, np.full(POINTS, 2)])
    return dict(
        id=number, image_id=number, category_id=1, iscrowd=0, bbox=box,
        area=width * height, num_keypoints=POINTS, keypoints=keypoints.ravel().tolist(),
    )  # fmt: skip
