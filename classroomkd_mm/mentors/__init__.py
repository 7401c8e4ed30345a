# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Frozen mentors: parsing their configs, building and running them."""

from .build import build_mentors
from .mentor import Mentor
from .mentors import Mentors
from .spec import MentorSpec, parse_mentor

__all__ = ['Mentor', 'MentorSpec', 'Mentors', 'build_mentors', 'parse_mentor']
