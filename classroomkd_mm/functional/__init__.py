# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The method as pure tensor functions: score, filter, pace, teach, plan a lesson.

They need only PyTorch and are independent of the task. The registered components of
:mod:`classroomkd_mm.classroom` and :func:`classroom_loss` are both built on them.
"""

from .classroom import ClassroomOutput, classroom_loss
from .filtering import (
    FILTERING,
    LEVELS,
    Ranking,
    check_filtering,
    filter_mentors,
    rank_members,
)
from .lesson import Lesson, Scores, plan_lesson
from .logits import average_logits, standardize_logits
from .pacing import MENTORING_MODES, Temperatures, check_mentoring, pace_mentors
from .processes import sum_over_processes, weigh_process
from .scoring import (
    all_finite,
    at_least_float32,
    bernoulli_log_scores,
    cross_entropy_log_scores,
    require_finite_student,
)
from .sharing import WEIGHTS, confidence_weights
from .teaching import (
    bernoulli_divergence,
    distillation_terms,
    mentor_losses,
    softmax_divergence,
    weigh_terms,
)
from .vectorized import for_each_sample
from .weighting import TASK_WEIGHTS, weigh_task

__all__ = [
    'FILTERING',
    'LEVELS',
    'MENTORING_MODES',
    'TASK_WEIGHTS',
    'WEIGHTS',
    'ClassroomOutput',
    'Lesson',
    'Ranking',
    'Scores',
    'Temperatures',
    'all_finite',
    'at_least_float32',
    'average_logits',
    'bernoulli_divergence',
    'bernoulli_log_scores',
    'check_filtering',
    'check_mentoring',
    'classroom_loss',
    'confidence_weights',
    'cross_entropy_log_scores',
    'distillation_terms',
    'filter_mentors',
    'for_each_sample',
    'mentor_losses',
    'pace_mentors',
    'plan_lesson',
    'rank_members',
    'require_finite_student',
    'softmax_divergence',
    'standardize_logits',
    'sum_over_processes',
    'weigh_process',
    'weigh_task',
    'weigh_terms',
]
