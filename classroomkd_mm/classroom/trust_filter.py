# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from typing import Any

import torch
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ..functional import (
    Ranking,
    confidence_weights,
    rank_members,
    sum_over_processes,
)
from ..functional.checks import check_number


@MODELS.register_module()
class TrustFilter(nn.Module):
    """Weigh the mentors by how well they have done so far, and do on the sample.

    Trust in a mentor is the running mean of its score over the batches of the training.
    No mentor is dropped: on each sample its weight is n · t_m · c_m / Σ t_u · c_u, with
    its trust t and CA-MKD's weight c. Among mentors that deserve about the same trust,
    this is CA-MKD; a mentor that is wrong throughout hardly teaches.

    The trust is a buffer: it is part of the checkpoint, and a resumed run continues
    with it. In distributed training it is that of all processes.

    Source: this project; docs/method.md, "Options beyond the paper".

    Args:
        momentum (float): Share of the trust that a batch leaves, below 1. Defaults to
            0.99: the mean of about the last 100 batches.

    Raises:
        TypeError: If ``momentum`` is not a number.
        ValueError: If it is negative or not below 1.
    """

    def __init__(self, momentum: float = 0.99) -> None:
        super().__init__()
        check_number('momentum', momentum)
        if momentum >= 1:
            raise ValueError(f'momentum={momentum!r} must be below 1.')
        self.momentum = momentum

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Start without trust in anybody.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.
        """
        for name in ('trust', 'seen'):
            self.register_buffer(name, torch.zeros(len(mentors)))

    @torch.no_grad()
    def forward(self, log_scores: Tensor) -> Ranking:
        """Rank the members and weigh the mentors; in training, update the trust.

        Args:
            log_scores (Tensor): (n+1, N), student first.

        Returns:
            Ranking: Scores, ranks, activity and weights.
        """
        mentors = log_scores[1:]
        active = mentors > -torch.inf
        if self.training:
            self._update(mentors, active)
        trust = self.trust / self.seen.clamp(min=torch.finfo(self.seen.dtype).tiny)
        trust = trust[:, None].to(mentors)
        weights = trust * confidence_weights(mentors, active)
        total = weights.sum(dim=0).clamp(min=torch.finfo(weights.dtype).tiny)
        weights = len(mentors) * weights / total
        return Ranking(log_scores, rank_members(log_scores), active, weights)

    def _update(self, log_scores: Tensor, active: Tensor) -> None:
        """Let the trust follow the mean score of the global batch.

        That of a mentor without any output (``every``) stays.
        """
        sums, counts = sum_over_processes(
            torch.stack(
                [log_scores.exp().sum(dim=1), active.sum(dim=1).to(log_scores.dtype)]
            )
        ).to(self.trust)
        share = (1 - self.momentum) * (counts > 0)
        self.trust.lerp_(sums / counts.clamp(min=1), share)
        self.seen.lerp_(torch.ones_like(self.seen), share)

    def extra_repr(self) -> str:
        """Show the options."""
        return f'momentum={self.momentum}'
