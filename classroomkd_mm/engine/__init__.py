# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Hooks and runner; a config names this in `custom_imports` to register the hooks."""

from ..compat import allow_log_buffers
from .hooks import ClassroomHook, MentorCacheHook, MentorManifestHook

allow_log_buffers()

__all__ = ['ClassroomHook', 'MentorCacheHook', 'MentorManifestHook']
