# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Multi-mentor losses. Each returns one loss for every mentor."""

from .classroom_kd_loss import ClassroomKDLoss
from .heatmap_kd_loss import HeatmapKDLoss
from .heatmap_mse_loss import HeatmapMSELoss
from .simcc_kd_loss import SimCCKDLoss

__all__ = ['ClassroomKDLoss', 'HeatmapKDLoss', 'HeatmapMSELoss', 'SimCCKDLoss']
