# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""People drawn from bones, for pose estimation without a download.

``body`` poses a skeleton in 3D, ``drawing`` turns it into a picture and its
keypoints, ``coco_files`` writes many of them as ordinary COCO files, and
``dataset`` hands those files to MMPose's own COCO data set class.
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
