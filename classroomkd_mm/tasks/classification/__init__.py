# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Classification: MMPretrain students, and mentors that return logits."""

from .confident_feature_loss import ConfidentFeatureLoss
from .entropy_scorer import EntropyScorer
from .lesson_loss import LessonLoss
from .losses import AverageLogitsKDLoss, ClassroomKDLoss
from .scorer import ClassificationScorer
from .task import ClassificationTask

__all__ = [
    'AverageLogitsKDLoss',
    'ClassificationScorer',
    'ClassificationTask',
    'ClassroomKDLoss',
    'ConfidentFeatureLoss',
    'EntropyScorer',
    'LessonLoss',
]
