# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Outputs of mentors kept on disk, so that a mentor runs once for each view.

Source: docs/caching.md.
"""

from .cache import MentorCache
from .cached_mentor import CachedMentor
from .cached_mentors import CachedMentors
from .connect import connect
from .options import CacheOptions
from .store import Store

__all__ = [
    'CacheOptions',
    'CachedMentor',
    'CachedMentors',
    'MentorCache',
    'Store',
    'connect',
]
