# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ..functional import LEVELS, Ranking, filter_mentors
from ..functional.checks import check_choice, check_decimals


@MODELS.register_module()
class KnowledgeFilter(nn.Module):
    """Let only those mentors teach that do at least as well as the student.

    Source: arXiv 2409.20237; docs/method.md, steps 2 and 3.

    Args:
        level (str): 'sample' ranks and filters per sample, 'batch' over the global
            batch. Defaults to 'sample'.
        rank_decimals (int, optional): Decimals to which the shares behind the ranks
            are rounded; the authors' released code uses 2. Defaults to None: no
            rounding.
        filtering (bool): False switches the filter off: every mentor teaches every
            sample with weight 1. Defaults to True.

    Raises:
        TypeError: If ``rank_decimals`` has the wrong type.
        ValueError: If the level is unknown or ``rank_decimals`` is negative.
    """

    def __init__(
        self,
        level: str = 'sample',
        rank_decimals: int | None = None,
        filtering: bool = True,
    ) -> None:
        super().__init__()
        check_choice('level', level, LEVELS)
        check_decimals('rank_decimals', rank_decimals)
        self.level = level
        self.rank_decimals = rank_decimals
        self.filtering = filtering

    def forward(self, log_scores: Tensor) -> Ranking:
        """Rank the members and filter the mentors.

        Args:
            log_scores (Tensor): (n+1, N), student first.

        Returns:
            Ranking: Scores, ranks, activity and weights.
        """
        return filter_mentors(
            log_scores, self.level, self.rank_decimals, self.filtering
        )

    def extra_repr(self) -> str:
        """Show the options."""
        return (
            f'level={self.level!r}, rank_decimals={self.rank_decimals}, '
            f'filtering={self.filtering}'
        )
