# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Synthetic stick figures, for pose estimation without a download.

``body`` poses a random skeleton in 3D, ``drawing`` renders it as an image with
keypoints, ``coco_files`` writes many of these as standard COCO files, and
``dataset`` loads the files with MMPose's ``CocoDataset``.
"""

from .coco_files import write_stick_figures
from .dataset import StickFiguresDataset
from .drawing import StickFigure, draw_stick_figure

__all__ = [
    'StickFigure',
    'StickFiguresDataset',
    'draw_stick_figure',
    'write_stick_figures',
]
