# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Frozen mentors: loading, their own input, running them."""

from .build import build_mentors
from .mentor import Mentor
from .mentors import Mentors

__all__ = ['Mentor', 'Mentors', 'build_mentors']
