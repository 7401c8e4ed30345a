# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ..functional import Scores


class Scorer(nn.Module, ABC):
    """Base class of scorers: how well each member performs on each sample.

    Subclasses implement :meth:`score_batch`, and :meth:`prepare` if they depend on the
    networks. Register them in MMRazor's ``MODELS``.

    Source: docs/method.md, step 1.
    """

    task: ClassVar[str | None] = None
    """Registered name of the task that the scorer is for; None means any task."""

    mentor_names: Sequence[str] = ()

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Prepare for the members of the classroom, before the first batch.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the scorer cannot score these networks.
        """
        self.mentor_names = mentors.names

    @abstractmethod
    def score_batch(
        self,
        student_output: Any,
        mentor_outputs: Sequence[Any],
        data_samples: Sequence[BaseDataElement],
    ) -> Scores | Tensor:
        """Score the members on a batch.

        Args:
            student_output (Any): Output from the student's recorders.
            mentor_outputs (Sequence[Any]): n outputs, in the student's form.
            data_samples (Sequence[BaseDataElement]): N samples with targets.

        Returns:
            Scores | Tensor: Log-scores (n+1, N), student first, with point weights
            (n, N, K) if the samples have parts.
        """

    def forward(
        self,
        student_output: Any,
        mentor_outputs: Sequence[Any],
        data_samples: Sequence[BaseDataElement],
    ) -> Scores:
        """Score the members on a batch, and check the shapes of the result.

        Args:
            student_output (Any): Output from the student's recorders.
            mentor_outputs (Sequence[Any]): n outputs, in the student's form.
            data_samples (Sequence[BaseDataElement]): N samples with targets.

        Returns:
            Scores: Log-scores (n+1, N), and point weights (n, N, K) or None.

        Raises:
            ValueError: If the subclass returns other shapes.
        """
        scores = self.score_batch(student_output, mentor_outputs, data_samples)
        if isinstance(scores, Tensor):
            scores = Scores(scores)
        self._check_shapes(scores, len(mentor_outputs), len(data_samples))
        return scores

    def _check_shapes(self, scores: Scores, mentors: int, samples: int) -> None:
        """Reject scores whose shapes do not match the classroom."""
        log_scores, weights = scores
        if log_scores.shape != (mentors + 1, samples):
            raise ValueError(
                f'{type(self).__name__} returns log_scores of shape '
                f'{tuple(log_scores.shape)}, but with the student, {mentors} mentors '
                f'and {samples} samples they must be {(mentors + 1, samples)}.'
            )
        if weights is not None and (
            weights.ndim != 3 or weights.shape[:2] != (mentors, samples)
        ):
            raise ValueError(
                f'{type(self).__name__} returns point_weights of shape '
                f'{tuple(weights.shape)}, but with {mentors} mentors and {samples} '
                f'samples they must be ({mentors}, {samples}, K).'
            )
