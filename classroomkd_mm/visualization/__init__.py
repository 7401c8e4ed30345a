# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Plots of the teaching in a classroom, and of the poses that models predict."""

from .poses import find_keypoints, plot_poses
from .teaching import plot_teaching, read_report

__all__ = ['find_keypoints', 'plot_poses', 'plot_teaching', 'read_report']
