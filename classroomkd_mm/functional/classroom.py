# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The whole method as one function, for any PyTorch training loop."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .checks import check_choice
from .filtering import filter_mentors
from .lesson import Scores, plan_lesson
from .pacing import pace_mentors
from .processes import weigh_process
from .scoring import at_least_float32, cross_entropy_log_scores
from .teaching import mentor_losses
from .weighting import TASK_WEIGHTS


class ClassroomOutput(NamedTuple):
    """Result of :func:`classroom_loss` for N samples and n mentors.

    Attributes:
        total (Tensor): Scalar to call ``backward`` on: W · task + distill. With
            several processes it has the weight of this one,
            see :func:`~classroomkd_mm.functional.weigh_process`.
        distill (Tensor): Scalar distillation loss.
        task (Tensor): Scalar, the student's unweighted mean cross-entropy.
        task_weight (Tensor): Scalar W, without gradient.
        log_scores (Tensor): (n+1, N), student first.
        ranks (Tensor): (n+1, N), student first.
        active (Tensor): Bool (n, N).
        temperatures (Tensor): (n, N).
    """

    total: Tensor
    distill: Tensor
    task: Tensor
    task_weight: Tensor
    log_scores: Tensor
    ranks: Tensor
    active: Tensor
    temperatures: Tensor


def classroom_loss(
    student_logits: Tensor,
    mentor_logits: Tensor | Sequence[Tensor],
    labels: Tensor,
    *,
    tau_max: float = 12.0,
    level: str = 'sample',
    rank_decimals: int | None = None,
    filtering: bool | str = True,
    slack: float = 0.0,
    weights: str = 'rank',
    mentoring: str | float = 'gap',
    task_weight: str = 'student_score',
) -> ClassroomOutput:
    """Train a student in a classroom of mentors (ClassroomKD).

    Source: arXiv 2409.20237; docs/method.md, steps 1 to 5.

    Args:
        student_logits (Tensor): (N, C), with gradient.
        mentor_logits (Tensor | Sequence[Tensor]): (n, N, C) or n tensors (N, C).
            No gradient flows into the mentors.
        labels (Tensor): Class indices, int64 (N,), or probabilities, (N, C).
        tau_max (float): Largest increase of a temperature above 1.
        level (str): 'sample' ranks and filters per sample, 'batch' over the
            global batch.
        rank_decimals (int, optional): Decimals to which the shares behind the ranks
            are rounded. Defaults to None: no rounding.
        filtering (bool | str): False lets every mentor teach with weight 1 and W = 1;
            'soft' gates every mentor by its lead over the student.
        slack (float): How far, in log-score, a mentor may be behind the student.
        weights (str): How the active mentors share the teaching: 'rank', 'uniform' or
            'confidence'.
        mentoring (str | float): 'gap', 'off' (τ = 1), 'dtkd', or a number for a
            fixed temperature.
        task_weight (str): 'student_score' or 'constant'.

    Returns:
        ClassroomOutput: The losses and the quantities they were computed from.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If there is no mentor, a shape does not match, or an option has
            an invalid value.
        FloatingPointError: If the student's logits are NaN or infinite (checked
            on the CPU only, since the check would stall an accelerator).

    Examples:
        >>> import torch
        >>> from classroomkd_mm import classroom_loss
        >>> student = torch.randn(8, 10, requires_grad=True)
        >>> mentors = torch.randn(3, 8, 10)
        >>> out = classroom_loss(student, mentors, torch.randint(10, (8,)))
        >>> out.total.backward()
    """
    check_choice('task_weight', task_weight, TASK_WEIGHTS)
    _check_shapes(student_logits, mentor_logits, labels)
    mentors = [logits.detach() for logits in mentor_logits]

    lesson = plan_lesson(
        student_logits,
        mentors,
        labels,
        scorer=_score,
        knowledge_filter=partial(
            filter_mentors,
            level=level,
            rank_decimals=rank_decimals,
            filtering=filtering,
            slack=slack,
            weights=weights,
        ),
        mentoring=partial(pace_mentors, mentoring=mentoring, tau_max=tau_max),
        task_weight=task_weight,
    )
    ranking, temperatures = lesson.ranking, lesson.temperatures
    distill = mentor_losses(student_logits, mentors, ranking, temperatures).sum()
    task = _task_loss(student_logits, labels)
    total = lesson.task_weight * task + distill
    process_weight = weigh_process(len(student_logits), student_logits.device)
    return ClassroomOutput(
        total=process_weight * total,
        distill=distill,
        task=task,
        task_weight=lesson.task_weight,
        log_scores=ranking.log_scores,
        ranks=ranking.ranks,
        active=ranking.active,
        temperatures=temperatures.mentor,
    )


def _score(student: Tensor, mentors: Sequence[Tensor], labels: Tensor) -> Scores:
    """Score logits (N, C) by their cross-entropy."""
    members = torch.stack([at_least_float32(student), *mentors])
    return Scores(cross_entropy_log_scores(members, labels))


def _task_loss(student_logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy; 0 for an empty batch."""
    logits = at_least_float32(student_logits)
    if labels.is_floating_point():
        labels = labels.to(logits.dtype)
    total = F.cross_entropy(logits, labels, reduction='sum')
    return total / max(len(logits), 1)


def _check_shapes(
    student_logits: Tensor, mentor_logits: Tensor | Sequence[Tensor], labels: Tensor
) -> None:
    """Reject mismatched shapes, naming the mentor by its index."""
    shape = tuple(student_logits.shape)
    if len(shape) != 2:
        raise ValueError(f'student_logits must be (N, C), but got shape {shape}.')
    if len(mentor_logits) == 0:
        raise ValueError('mentor_logits is empty: a classroom needs a mentor.')
    for index, logits in enumerate(mentor_logits):
        if tuple(logits.shape) != shape:
            raise ValueError(
                f'mentor_logits[{index}] has shape {tuple(logits.shape)}, but the '
                f"student's logits have shape {shape}: every mentor must give (N, C) "
                'for the same samples and the same classes.'
            )
    wanted = shape if labels.is_floating_point() else shape[:1]
    if tuple(labels.shape) != wanted:
        raise ValueError(
            f'labels must be class indices, int64 {shape[:1]}, or class probabilities, '
            f'float {shape}, but got {labels.dtype} {tuple(labels.shape)}.'
        )
