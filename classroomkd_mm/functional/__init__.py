# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The method as pure tensor functions: score, filter, pace, teach, plan a lesson.

They need only PyTorch and are independent of the task. The registered components of
:mod:`classroomkd_mm.classroom` and :func:`classroom_loss` are both built on them.
"""

from .classroom import ClassroomOutput, classroom_loss
from .filtering import LEVELS, Ranking, filter_mentors, rank_members
from .lesson import Lesson, Scores, plan_lesson
from .pacing import MENTORING_MODES, Temperatures, check_mentoring, pace_mentors
from .processes import sum_over_processes, weigh_process
from .scoring import (
    at_least_float32,
    bernoulli_log_scores,
    cross_entropy_log_scores,
    require_finite_student,
)
from .teaching import (
    bernoulli_divergence,
    distillation_terms,
    mentor_losses,
    softmax_divergence,
    weigh_terms,
)
from .weighting import TASK_WEIGHTS, weigh_task

__all__ = [
    'LEVELS',
    'MENTORING_MODES',
    'TASK_WEIGHTS',
    'ClassroomOutput',
    'Lesson',
    'Ranking',
    'Scores',
    'Temperatures',
    'at_least_float32',
    'bernoulli_divergence',
    'bernoulli_log_scores',
    'check_mentoring',
    'classroom_loss',
    'cross_entropy_log_scores',
    'distillation_terms',
    'filter_mentors',
    'mentor_losses',
    'pace_mentors',
    'plan_lesson',
    'rank_members',
    'require_finite_student',
    'softmax_divergence',
    'sum_over_processes',
    'weigh_process',
    'weigh_task',
    'weigh_terms',
]
