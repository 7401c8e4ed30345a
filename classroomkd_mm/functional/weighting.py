# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The weight W of the task loss in step 5 of docs/method.md."""

import torch
from torch import Tensor

from .filtering import Ranking
from .processes import sum_over_processes

TASK_WEIGHTS = ('student_score', 'constant')


@torch.no_grad()
def weigh_task(ranking: Ranking, task_weight: str = 'student_score') -> Tensor:
    """Compute the weight W of the student's task loss.

    Source: docs/method.md, step 5.

    Args:
        ranking (Ranking): From the Knowledge Filter. With the filter off, W is 1.
        task_weight (str): 'student_score' gives the mean score of the student
            over the global batch, so a weak student relies on its mentors;
            'constant' gives 1.

    Returns:
        Tensor: A scalar.
    """
    if task_weight == 'constant' or not ranking.filtering:
        return ranking.log_scores.new_ones(())
    scores = ranking.log_scores[0].exp()
    total, count = sum_over_processes(
        torch.stack([scores.sum(), scores.new_full((), len(scores))])
    )
    return total / count.clamp(min=1)
