# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The classroom: score, filter, pace. Thin, registered, over :mod:`.functional`."""

from .knowledge_filter import KnowledgeFilter
from .lesson import Lesson, Scores
from .mentoring import Mentoring
from .pose_scorers import HeatmapScorer, SimCCScorer
from .scorers import ClassificationScorer

__all__ = [
    'ClassificationScorer',
    'HeatmapScorer',
    'KnowledgeFilter',
    'Lesson',
    'Mentoring',
    'Scores',
    'SimCCScorer',
]
