# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Pictures of what happened in a classroom, and of what came out of it."""

from .poses import find_keypoints, plot_poses
from .teaching import plot_teaching, read_report

__all__ = ['find_keypoints', 'plot_poses', 'plot_teaching', 'read_report']
