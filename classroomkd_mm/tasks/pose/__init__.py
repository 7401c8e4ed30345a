# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Pose: top-down models of MMPose with heatmaps or SimCC vectors.

The transforms in :mod:`.crops` import MMPose, so a config that uses them names that
module in ``custom_imports``; everything else is registered by this package.
"""

from .losses import HeatmapKDLoss, HeatmapMSELoss, SimCCKDLoss
from .scorers import HeatmapScorer, SimCCScorer
from .task import PoseTask

__all__ = [
    'HeatmapKDLoss',
    'HeatmapMSELoss',
    'HeatmapScorer',
    'PoseTask',
    'SimCCKDLoss',
    'SimCCScorer',
]
