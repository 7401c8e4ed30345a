# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The weight W of the task loss in step 5 of METHOD.md."""

import torch
import torch.distributed as dist
from torch import Tensor

TASK_WEIGHTS = ('student_score', 'constant')


@torch.no_grad()
def weigh_task(log_scores: Tensor, task_weight: str = 'student_score') -> Tensor:
    """Weight the student's own task loss.

    Source: METHOD.md, step 5.

    Args:
        log_scores (Tensor): (n+1, N), student first.
        task_weight (str): 'student_score' gives the mean score of the student
            over the global batch, so that a student that knows little leans on
            its mentors; 'constant' gives 1.

    Returns:
        Tensor: A scalar.
    """
    if task_weight == 'constant':
        return log_scores.new_ones(())
    scores = log_scores[0].exp()
    total = torch.stack([scores.sum(), scores.new_tensor(float(len(scores)))])
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(total)
    return total[0] / total[1].clamp(min=1)
