# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The distiller of a classroom."""

from .classroom_distiller import ClassroomDistiller

__all__ = ['ClassroomDistiller']
