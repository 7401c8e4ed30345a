# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ..functional import Ranking, check_filtering, filter_mentors


@MODELS.register_module()
class KnowledgeFilter(nn.Module):
    """Let only those mentors teach that do at least as well as the student.

    Source: arXiv 2409.20237; docs/method.md, steps 2 and 3. ``slack``, ``weights`` and
    ``filtering='soft'`` are not of the paper, see "Options beyond the paper" there.

    Args:
        level (str): 'sample' ranks and filters per sample, 'batch' over the global
            batch. Defaults to 'sample'.
        rank_decimals (int, optional): Decimals to which the shares behind the ranks
            are rounded; the authors' released code uses 2. Defaults to None: no
            rounding.
        filtering (bool | str): False switches the filter off: every mentor teaches
            every sample with weight 1. 'soft' lets every mentor teach, with its weight
            times σ(1 + log w_m - log w_s). Defaults to True.
        slack (float): How far, in log-score, a mentor may be behind the student and
            still teach. Defaults to 0.
        weights (str): 'rank' weighs an active mentor by its rank, 'uniform' by an equal
            share, 'confidence' as CA-MKD does (arXiv 2201.00007), on each sample at
            both levels. All but the first sum to n on a sample. Defaults to 'rank'.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If an option is unknown, out of range, or without effect.
    """

    def __init__(
        self,
        level: str = 'sample',
        rank_decimals: int | None = None,
        filtering: bool | str = True,
        slack: float = 0.0,
        weights: str = 'rank',
    ) -> None:
        super().__init__()
        check_filtering(level, rank_decimals, filtering, slack, weights)
        self.level = level
        self.rank_decimals = rank_decimals
        self.filtering = filtering
        self.slack = slack
        self.weights = weights

    def forward(self, log_scores: Tensor) -> Ranking:
        """Rank the members and filter the mentors.

        Args:
            log_scores (Tensor): (n+1, N), student first.

        Returns:
            Ranking: Scores, ranks, activity and weights.
        """
        return filter_mentors(
            log_scores,
            self.level,
            self.rank_decimals,
            self.filtering,
            self.slack,
            self.weights,
        )

    def extra_repr(self) -> str:
        """Show the options."""
        return (
            f'level={self.level!r}, rank_decimals={self.rank_decimals}, '
            f'filtering={self.filtering!r}, slack={self.slack}, '
            f'weights={self.weights!r}'
        )
