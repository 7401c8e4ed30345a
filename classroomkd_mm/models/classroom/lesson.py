# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What is handed from one part of the classroom to the next."""

from typing import NamedTuple

from torch import Tensor

from ...functional import Ranking, Temperatures


class Scores(NamedTuple):
    """What a scorer returns.

    Attributes:
        log_scores (Tensor): (n+1, N), student first; -inf for a mentor without a
            usable output.
        point_weights (Tensor, optional): (n, N, K) in pose estimation: how much
            each mentor teaches of each key point. They sum to 1 over the key
            points, or are all 0.
    """

    log_scores: Tensor
    point_weights: Tensor | None = None


class Lesson(NamedTuple):
    """What a multi-mentor loss is given besides the outputs.

    Attributes:
        ranking (Ranking): Activity and weights (n, N), from the Knowledge Filter.
        temperatures (Temperatures): (n, N), from Mentoring.
        task_weight (Tensor): Scalar W.
        invalid (Tensor): Bool (n+1, N), student first: the output was NaN or
            infinite.
        point_weights (Tensor, optional): (n, N, K), from the scorer.
    """

    ranking: Ranking
    temperatures: Temperatures
    task_weight: Tensor
    invalid: Tensor
    point_weights: Tensor | None = None
