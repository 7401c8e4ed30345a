# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Multi-mentor losses. Each returns one loss for every mentor."""

from .classroom_kd_loss import ClassroomKDLoss

__all__ = ['ClassroomKDLoss']
