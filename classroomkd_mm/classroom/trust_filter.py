# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from typing import Any

import torch
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ..functional import Ranking, rank_members, sum_over_processes
from ..functional.checks import check_number


@MODELS.register_module()
class TrustFilter(nn.Module):
    """Weigh the mentors by how well they have done so far.

    Trust in a member of the classroom, t, is the running mean of its score over the
    batches of the training. With s_m = t_m / max t, over all members, the belief in a
    mentor is g_m = (s_m - no_trust) / (full_trust - no_trust), from 0 to 1. Nobody is
    dropped on single samples: the weight of a mentor is n · max g · g_m / Σ g_u. As
    long as every mentor has its share of the best score, this is the average of the
    mentors; one that is wrong throughout hardly teaches, and if all are far behind the
    student, all teach less.

    The trust is a buffer, which ClassroomHook puts beside the student into a
    checkpoint: a resumed run continues with it. In distributed training it is that of
    all processes.

    Source: this project; docs/method.md, "Options beyond the paper".

    Args:
        full_trust (float): Share of the best member's mean score from which on a
            mentor is not doubted, above 0 and at most 1. Defaults to 0.5.
        no_trust (float): Share up to which it is not believed at all, below
            ``full_trust``: that of a mentor which says the same of every sample.
            Defaults to 0, which is right for the probability of one class of many.
        momentum (float): Share of the trust that a batch leaves, below 1. Defaults to
            0.99: the mean of about the last 100 batches.

    Raises:
        TypeError: If an option is not a number.
        ValueError: If an option is out of its range.
    """

    def __init__(
        self, full_trust: float = 0.5, no_trust: float = 0.0, momentum: float = 0.99
    ) -> None:
        super().__init__()
        check_number('full_trust', full_trust)
        if not 0 < full_trust <= 1:
            raise ValueError(
                f'full_trust={full_trust!r} must be above 0, and at most 1.'
            )
        check_number('no_trust', no_trust)
        if no_trust >= full_trust:
            raise ValueError(
                f'no_trust={no_trust!r} must be below full_trust={full_trust!r}.'
            )
        check_number('momentum', momentum)
        if momentum >= 1:
            raise ValueError(f'momentum={momentum!r} must be below 1.')
        self.full_trust = full_trust
        self.no_trust = no_trust
        self.momentum = momentum

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Start without trust in anybody.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.
        """
        for name in ('trust', 'seen'):
            zeros = torch.zeros(len(mentors) + 1)
            self.register_buffer(name, zeros, persistent=False)

    @torch.no_grad()
    def forward(self, log_scores: Tensor) -> Ranking:
        """Rank the members and weigh the mentors; in training, update the trust.

        Args:
            log_scores (Tensor): (n+1, N), student first.

        Returns:
            Ranking: Scores, ranks, activity and weights.
        """
        if self.training:
            self._update(log_scores)
        active = log_scores[1:] > -torch.inf
        belief = self._belief().to(log_scores)[:, None]
        weights = belief * active
        total = weights.sum(dim=0).clamp(min=torch.finfo(weights.dtype).tiny)
        weights = len(weights) * belief.max() * weights / total
        return Ranking(log_scores, rank_members(log_scores), active, weights)

    def _belief(self) -> Tensor:
        """Compare the trust in each mentor with that in the best member, (n,)."""
        tiny = torch.finfo(self.trust.dtype).tiny
        trust = self.trust / self.seen.clamp(min=tiny)
        best = trust.max().clamp(min=tiny)
        share = trust[1:] / best
        span = self.full_trust - self.no_trust
        return ((share - self.no_trust) / span).clamp(0, 1)

    def _update(self, log_scores: Tensor) -> None:
        """Let the trust follow the mean score of the global batch.

        That of a mentor without any output (``every``) stays.
        """
        active = log_scores > -torch.inf
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
        return (
            f'full_trust={self.full_trust}, no_trust={self.no_trust}, '
            f'momentum={self.momentum}'
        )
