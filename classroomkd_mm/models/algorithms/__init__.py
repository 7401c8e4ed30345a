# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The algorithm: a student and its mentors, one training step."""

from .classroom_distill import ClassroomDistill
from .student_config import student_config

__all__ = ['ClassroomDistill', 'student_config']
