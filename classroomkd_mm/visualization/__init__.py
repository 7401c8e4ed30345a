# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Pictures of what happened in a classroom."""

from .teaching import plot_teaching, read_report

__all__ = ['plot_teaching', 'read_report']
