# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Moved to :mod:`classroomkd_mm.classroom` and :mod:`classroomkd_mm.tasks`.

Kept for scripts written for 0.1.
"""

from ..classroom import KnowledgeFilter, Lesson, Mentoring, Scores
from ..tasks.classification import ClassificationScorer
from ..tasks.pose import HeatmapScorer, SimCCScorer

__all__ = [
    'ClassificationScorer',
    'HeatmapScorer',
    'KnowledgeFilter',
    'Lesson',
    'Mentoring',
    'Scores',
    'SimCCScorer',
]
