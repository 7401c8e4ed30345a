# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Moved to :mod:`classroomkd_mm.mentors`; kept for scripts written for 0.1."""

from ..mentors import Mentor, Mentors, build_mentors

__all__ = ['Mentor', 'Mentors', 'build_mentors']
