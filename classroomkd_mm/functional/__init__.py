# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The method as pure tensor functions: score, filter, pace, teach.

They need nothing but PyTorch. The registered components of
:mod:`classroomkd_mm.models` and :func:`classroom_loss` both stand on them.
"""

from .classroom import ClassroomOutput, classroom_loss
from .filtering import LEVELS, Ranking, filter_mentors, rank_members
from .pacing import MENTORING_MODES, Temperatures, pace_mentors
from .pose_scoring import (
    HEATMAP_SCORES,
    counted_points,
    heatmap_log_scores,
    point_weights,
    simcc_log_scores,
)
from .pose_teaching import (
    heatmap_mentor_losses,
    heatmap_mse_losses,
    simcc_mentor_losses,
)
from .scoring import cross_entropy_log_scores, require_finite_student
from .teaching import distillation_terms, mentor_losses
from .weighting import TASK_WEIGHTS, weigh_task

__all__ = [
    'HEATMAP_SCORES',
    'LEVELS',
    'MENTORING_MODES',
    'TASK_WEIGHTS',
    'ClassroomOutput',
    'Ranking',
    'Temperatures',
    'classroom_loss',
    'counted_points',
    'cross_entropy_log_scores',
    'distillation_terms',
    'filter_mentors',
    'heatmap_log_scores',
    'heatmap_mentor_losses',
    'heatmap_mse_losses',
    'mentor_losses',
    'pace_mentors',
    'point_weights',
    'rank_members',
    'require_finite_student',
    'simcc_log_scores',
    'simcc_mentor_losses',
    'weigh_task',
]
