# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The algorithm: one training step of a student and its mentors."""

from .classroom_distill import ClassroomDistill
from .student_config import student_config

__all__ = ['ClassroomDistill', 'student_config']
