# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Hooks of the classroom."""

from .classroom_hook import ClassroomHook
from .student_config_hook import StudentConfigHook

__all__ = ['ClassroomHook', 'StudentConfigHook']
