# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Hooks, loop and runner. List this module in `custom_imports` to register them."""

from ..compat import allow_log_buffers
from .hooks import (
    ChannelsLastHook,
    ClassroomHook,
    ContrastHook,
    MentorCacheHook,
    MentorCheckHook,
    MentorDatasetHook,
    MentorManifestHook,
    ResumeHook,
    RunRecordHook,
    SampleCheckHook,
    StudentConfigHook,
)
from .val_loop import ClassroomValLoop

allow_log_buffers()

__all__ = [
    'ChannelsLastHook',
    'ClassroomHook',
    'ContrastHook',
    'ClassroomValLoop',
    'MentorCacheHook',
    'MentorCheckHook',
    'MentorDatasetHook',
    'MentorManifestHook',
    'ResumeHook',
    'SampleCheckHook',
    'RunRecordHook',
    'StudentConfigHook',
]
