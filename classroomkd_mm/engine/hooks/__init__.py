# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Hooks for training a classroom."""

from .channels_last_hook import ChannelsLastHook
from .classroom_hook import ClassroomHook
from .contrast_hook import ContrastHook
from .mentor_cache_hook import MentorCacheHook
from .mentor_check_hook import MentorCheckHook
from .mentor_dataset_hook import MentorDatasetHook
from .mentor_manifest_hook import MentorManifestHook
from .resume_hook import ResumeHook
from .run_record_hook import RunRecordHook
from .sample_check_hook import SampleCheckHook
from .student_config_hook import StudentConfigHook

__all__ = [
    'ChannelsLastHook',
    'ClassroomHook',
    'ContrastHook',
    'MentorCacheHook',
    'MentorCheckHook',
    'MentorDatasetHook',
    'MentorManifestHook',
    'ResumeHook',
    'SampleCheckHook',
    'RunRecordHook',
    'StudentConfigHook',
]
