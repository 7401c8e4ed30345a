# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The method as pure tensor functions: score, filter, pace, teach.

They need nothing but PyTorch. The registered components of
:mod:`classroomkd_mm.models` and :func:`classroom_loss` both stand on them.
"""

from .classroom import ClassroomOutput, classroom_loss
from .filtering import LEVELS, Ranking, filter_mentors, rank_members
from .pacing import MENTORING_MODES, Temperatures, pace_mentors
from .scoring import cross_entropy_log_scores, require_finite_student
from .teaching import distillation_terms, mentor_losses
from .weighting import TASK_WEIGHTS, weigh_task

__all__ = [
    'LEVELS',
    'MENTORING_MODES',
    'TASK_WEIGHTS',
    'ClassroomOutput',
    'Ranking',
    'Temperatures',
    'classroom_loss',
    'cross_entropy_log_scores',
    'distillation_terms',
    'filter_mentors',
    'mentor_losses',
    'pace_mentors',
    'rank_members',
    'require_finite_student',
    'weigh_task',
]
