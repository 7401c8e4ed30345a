# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Stick figures as COCO files: ``images/*.jpg`` and ``annotations.json``."""

import json
import tempfile
from pathlib import Path

import cv2
from mmengine.logging import print_log
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from .body import KEYPOINTS
from .drawing import IMAGE_SIZE, StickFigure, draw_stick_figure

_JPEG_QUALITY = 92


def write_stick_figures(
    folder: str | Path, split: str, num_images: int, seed: int = 0
) -> None:
    """Draw a split into a folder, unless the folder already exists.

    The files are written to a temporary folder next to it, which is renamed when
    complete. An existing folder is therefore always complete, and concurrent
    processes need no lock: the first to finish wins, and the others discard their
    identical copies.

    Args:
        folder: Folder for ``images/`` and ``annotations.json``.
        split: 'train', 'val' or 'test'.
        num_images: Number of images, with one person each.
        seed: Seed of the whole dataset.

    Raises:
        ValueError: If the split does not exist, or ``num_images`` is less than 1.
    """
    if num_images < 1:
        raise ValueError(f'num_images is {num_images}, but must be at least 1.')
    folder = Path(folder)
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    print_log(f'drawing {num_images} stick figures into {folder}', 'current')
    with tempfile.TemporaryDirectory(dir=folder.parent) as desk:
        draft = Path(desk) / folder.name
        _write(draft, split, num_images, seed)
        try:
            draft.rename(folder)
        except OSError:
            if not folder.exists():
                raise


def _write(folder: Path, split: str, num_images: int, seed: int) -> None:
    """Write images and annotations of samples 0 to ``num_images`` - 1."""
    (folder / 'images').mkdir(parents=True)
    images, annotations = [], []
    for index in range(num_images):
        figure = draw_stick_figure(split, index, seed)
        name = f'{index:06d}.jpg'
        quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        if not cv2.imwrite(str(folder / 'images' / name), figure.image, quality):
            raise OSError(f'Cannot write {name} to {folder}: is the disk full?')
        # COCO's evaluation interprets an annotation id of 0 as no match.
        number = index + 1
        images.append(
            dict(id=number, file_name=name, width=IMAGE_SIZE, height=IMAGE_SIZE)
        )
        annotations.append(_annotation(figure, number))
    coco = dict(
        info=dict(description=f'stick figures, {split}, seed {seed}'),
        images=images,
        annotations=annotations,
        categories=[_person()],
    )
    (folder / 'annotations.json').write_text(json.dumps(coco))


def _annotation(figure: StickFigure, number: int) -> dict:
    """COCO annotation of the person in image ``number``."""
    return dict(
        id=number,
        image_id=number,
        category_id=1,
        keypoints=figure.keypoints.round(2).ravel().tolist(),
        num_keypoints=int((figure.keypoints[:, 2] > 0).sum()),
        bbox=list(figure.bbox),
        area=figure.area,
        iscrowd=0,
    )


def _person() -> dict:
    """COCO's category 1, with MMPose's skeleton (COCO counts from 1)."""
    metainfo = parse_pose_metainfo(dict(from_file='configs/_base_/datasets/coco.py'))
    skeleton = [[a + 1, b + 1] for a, b in metainfo['skeleton_links']]
    return dict(id=1, name='person', keypoints=list(KEYPOINTS), skeleton=skeleton)
