# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Planning a lesson: the only place that orders score, filter, pace and W."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .filtering import Ranking, filter_mentors
from .pacing import Temperatures, pace_mentors
from .scoring import require_finite_student
from .weighting import weigh_task


class Scores(NamedTuple):
    """Result of a scorer.

    Attributes:
        log_scores (Tensor): Float (n+1, N), student first; -inf for an output that
            is NaN or infinite.
        point_weights (Tensor, optional): Float (n, N, K) if a sample has K parts
            (keypoints): the weight of each part in each mentor's loss. The weights
            sum to 1 over the parts, or are all 0.
    """

    log_scores: Tensor
    point_weights: Tensor | None = None


class Lesson(NamedTuple):
    """Which mentors teach which samples of a batch; input of every mentor loss.

    Attributes:
        ranking (Ranking): Activity and weights (n, N), from the Knowledge Filter.
        temperatures (Temperatures): (n, N), from Mentoring.
        task_weight (Tensor): Scalar W.
        invalid (Tensor): Bool (n+1, N), student first: whether the output is NaN or
            infinite.
        point_weights (Tensor, optional): (n, N, K), from the scorer.
        targets (Any): What the scorer compared the outputs with: N data samples, or
            the labels of :func:`classroom_loss`.
    """

    ranking: Ranking
    temperatures: Temperatures
    task_weight: Tensor
    invalid: Tensor
    point_weights: Tensor | None = None
    targets: Any = None


@torch.no_grad()
def plan_lesson(
    student_output: Any,
    mentor_outputs: Sequence[Any],
    targets: Any,
    *,
    scorer: Callable[[Any, Sequence[Any], Any], Scores],
    knowledge_filter: Callable[[Tensor], Ranking] = filter_mentors,
    mentoring: Callable[[Ranking, Any, Sequence[Any]], Temperatures] = pace_mentors,
    task_weight: str = 'student_score',
) -> Lesson:
    """Score, filter and pace a classroom on a batch: steps 1 to 4.

    No gradient is computed.

    Source: docs/method.md, steps 1 to 5.

    Args:
        student_output (Any): The student's output for N samples.
        mentor_outputs (Sequence[Any]): n outputs, in the student's form.
        targets (Any): What the scorer compares the outputs with.
        scorer (Callable): Step 1; maps outputs and targets to :class:`Scores`.
        knowledge_filter (Callable): Steps 2 and 3; maps log-scores (n+1, N) to a
            :class:`Ranking`.
        mentoring (Callable): Step 4; maps the ranking and the outputs to
            :class:`Temperatures`.
        task_weight (str): How W of step 5 is set, see :func:`weigh_task`.

    Returns:
        Lesson: Activity, weights and temperatures of the batch.

    Raises:
        FloatingPointError: If the student's output is NaN or infinite (checked on
            the CPU, see :func:`require_finite_student`).
    """
    log_scores, point_weights = scorer(student_output, mentor_outputs, targets)
    require_finite_student(log_scores)
    ranking = knowledge_filter(log_scores)
    return Lesson(
        ranking=ranking,
        temperatures=mentoring(ranking, student_output, mentor_outputs),
        task_weight=weigh_task(ranking, task_weight),
        invalid=log_scores == -torch.inf,
        point_weights=point_weights,
        targets=targets,
    )
