# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Statistics of lessons, as sums that can be accumulated over batches."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..functional import Lesson

# Rows of the matrix of sums; its columns are the members, student first.
ROWS = ('score', 'rank', 'taught', 'weight', 'temperature', 'loss', 'invalid', 'seen')


@torch.no_grad()
def lesson_sums(
    lesson: Lesson, mentor_losses: Tensor, present: Sequence[bool]
) -> Tensor:
    """Sum the logged statistics over a batch.

    The sums stay on the device; the caller transfers and divides them when it logs.

    Args:
        lesson (Lesson): The lesson of a batch with N samples.
        mentor_losses (Tensor): (n,), mean loss of each mentor.
        present (Sequence[bool]): Whether each of the n mentors has an output. What
            stands in its place is not counted.

    Returns:
        Tensor: (8, n+1), one row for each of ``ROWS``: the sums of scores and ranks,
        the number of samples taught, the sums of their weights and temperatures, the
        sum of losses, and the numbers of samples with a NaN or infinite output, and
        with any output.
        The student's column holds only score, rank and the last two rows.
    """
    ranking = lesson.ranking
    members, num_samples = ranking.log_scores.shape
    sums = ranking.log_scores.new_zeros(len(ROWS), members)
    sums[0] = ranking.log_scores.exp().sum(dim=1)
    sums[1] = ranking.ranks.sum(dim=1)
    sums[2, 1:] = ranking.active.sum(dim=1)
    sums[3, 1:] = ranking.weights.sum(dim=1)
    sums[4, 1:] = (lesson.temperatures.mentor * ranking.active).sum(dim=1)
    sums[5, 1:] = mentor_losses.detach() * num_samples
    sums[6] = lesson.invalid.sum(dim=1)
    sums[7] = num_samples
    for member, is_present in enumerate(present, start=1):
        if not is_present:
            sums[:, member] = 0
    return sums


def describe(sums: list[list[float]], num_samples: float, names: list[str]) -> dict:
    """Turn sums into means per member.

    Args:
        sums (list[list[float]]): (8, n+1), as returned by :func:`lesson_sums`.
        num_samples (float): Number of samples in the sums.
        names (list[str]): Names of the n mentors.

    Returns:
        dict: ``student`` with score and rank, and ``mentors``, which maps each name
        to score and rank (means over the samples with an output, None if there are
        none), taught (fraction of all samples), weight (mean over all samples),
        temperature (mean over the samples taught, None if there are none), loss, and
        invalid (number of samples).
    """
    num_samples = max(num_samples, 1)
    columns = zip(*sums, strict=True)
    student, *mentors = (dict(zip(ROWS, column, strict=True)) for column in columns)
    described = {}
    for name, column in zip(names, mentors, strict=True):
        taught, seen = column['taught'], column['seen']
        described[name] = {
            'score': column['score'] / seen if seen else None,
            'rank': column['rank'] / seen if seen else None,
            'taught': taught / num_samples,
            'weight': column['weight'] / num_samples,
            'temperature': column['temperature'] / taught if taught else None,
            'loss': column['loss'] / num_samples,
            'invalid': round(column['invalid']),
        }
    return {
        'student': {key: student[key] / num_samples for key in ('score', 'rank')},
        'mentors': described,
    }
