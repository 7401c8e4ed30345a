# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Hooks of the classroom."""

from .classroom_hook import ClassroomHook
from .mentor_cache_hook import MentorCacheHook
from .mentor_manifest_hook import MentorManifestHook

__all__ = ['ClassroomHook', 'MentorCacheHook', 'MentorManifestHook']
