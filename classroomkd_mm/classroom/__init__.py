# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The classroom of any task: base classes, filter, mentoring, statistics.

These are thin, registered wrappers around :mod:`classroomkd_mm.functional`.
"""

from ..functional import Lesson, Scores
from .dropping_filter import DroppingFilter
from .knowledge_filter import KnowledgeFilter
from .mentor_loss import MentorLoss
from .mentoring import Mentoring
from .recorded_loss import RecordedLoss
from .scorer import Scorer
from .trust_filter import TrustFilter

__all__ = [
    'DroppingFilter',
    'KnowledgeFilter',
    'Lesson',
    'MentorLoss',
    'Mentoring',
    'RecordedLoss',
    'Scorer',
    'Scores',
    'TrustFilter',
]
