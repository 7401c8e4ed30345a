# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Classification: MMPretrain students, and mentors that return logits."""

from .losses import ClassroomKDLoss
from .scorer import ClassificationScorer
from .task import ClassificationTask

__all__ = ['ClassificationScorer', 'ClassificationTask', 'ClassroomKDLoss']
