# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import torch
from mmengine.dist import broadcast
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ..functional import Ranking, rank_members
from ..functional.checks import check_number


@MODELS.register_module()
class DroppingFilter(nn.Module):
    """Leave out mentors at random, as DGKD does.

    For each batch of a training, each mentor teaches with a probability, drawn by
    itself, and is left out otherwise. A mentor that teaches has weight 1 on every
    sample, however many are left out; all of them may be. In distributed training, all
    processes leave out the same. In eval mode every mentor teaches.

    Source: DGKD, arXiv 2009.08825, its stochastic learning; docs/method.md,
    "Baselines".

    Args:
        keep (float): The probability with which a mentor teaches, above 0 and at most
            1. Defaults to 0.75.

    Raises:
        TypeError: If ``keep`` is not a number.
        ValueError: If it is out of range.
    """

    def __init__(self, keep: float = 0.75) -> None:
        super().__init__()
        check_number('keep', keep, above=0)
        if keep > 1:
            raise ValueError(f'keep={keep!r} is a probability: it must be at most 1.')
        self.keep = keep

    @torch.no_grad()
    def forward(self, log_scores: Tensor) -> Ranking:
        """Draw the mentors of a batch.

        Args:
            log_scores (Tensor): (n+1, N), student first.

        Returns:
            Ranking: Scores, ranks, activity and weights. The filter counts as off.
        """
        active = log_scores[1:] > -torch.inf
        if self.training:
            drawn = torch.rand(len(active), device=log_scores.device)
            broadcast(drawn)
            active = active & (drawn < self.keep)[:, None]
        return Ranking(
            log_scores,
            rank_members(log_scores),
            active,
            active.to(log_scores.dtype),
            filtering=False,
        )

    def extra_repr(self) -> str:
        """Show the options."""
        return f'keep={self.keep}'
