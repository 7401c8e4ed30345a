# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence

from mmrazor.registry import MODELS
from torch import Tensor, nn

from ..functional import Ranking, Temperatures, check_mentoring, pace_mentors


@MODELS.register_module()
class Mentoring(nn.Module):
    """Set each mentor's temperature from the gap between it and the student.

    Source: arXiv 2409.20237; docs/method.md, step 4 and "Ablations".

    Args:
        tau_max (float): Largest increase of a temperature above 1; only used with
            'gap'. Defaults to 12.
        mentoring (str | float): 'gap' (the method), 'off' (temperature 1), 'dtkd'
            (arXiv 2404.12711), or a number for a fixed temperature. Defaults to
            'gap'.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If ``mentoring`` is unknown, or a number is out of range.
    """

    def __init__(self, tau_max: float = 12.0, mentoring: str | float = 'gap') -> None:
        super().__init__()
        check_mentoring(mentoring, tau_max)
        self.tau_max = tau_max
        self.mentoring = mentoring

    @property
    def is_fixed(self) -> bool:
        """bool: Whether all mentors have the same temperature, on all samples."""
        return self.mentoring == 'off' or not isinstance(self.mentoring, str)

    def forward(
        self,
        ranking: Ranking,
        student_logits: Tensor,
        mentor_logits: Sequence[Tensor],
    ) -> Temperatures:
        """Set the temperatures for a batch.

        Args:
            ranking (Ranking): From the Knowledge Filter.
            student_logits (Tensor): (N, …).
            mentor_logits (Sequence[Tensor]): n tensors (N, …).

        Returns:
            Temperatures: Those of mentors and student, both (n, N).
        """
        return pace_mentors(
            ranking, student_logits, mentor_logits, self.mentoring, self.tau_max
        )

    def extra_repr(self) -> str:
        """Show the options."""
        return f'tau_max={self.tau_max}, mentoring={self.mentoring!r}'
