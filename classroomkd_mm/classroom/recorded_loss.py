# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ..functional import Lesson
from .mentor_loss import MentorLoss


class RecordedLoss(MentorLoss):
    """Base class of mentor losses that may take any records, such as features.

    An entry in ``loss_forward_mappings`` is then valid for every mentor in turn: it
    names no mentor, and ``{mentor}`` in the name of a connector stands for the mentor's
    name. Without an entry, such a loss gets the outputs, as every MentorLoss does.
    """

    mapped = False
    """Whether the config maps the arguments; set before :meth:`prepare`."""

    temperatures_vary = True
    """Whether mentors and samples have different ones; set before :meth:`prepare`."""

    @property
    @abstractmethod
    def arguments(self) -> tuple[str, str]:
        """The names of the student's and of the mentor's argument in a mapping."""

    @abstractmethod
    def recorded_losses(
        self, records: Sequence[Mapping[str, Any]], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor, without ``loss_weight``.

        Args:
            records (Sequence[Mapping[str, Any]]): For each of the n mentors, its
                records and those of the student, by argument.
            lesson (Lesson): Activity, weights and temperatures of the mentors.

        Returns:
            Tensor: (n,), connected to the student's graph.
        """

    def rehearse(self, records: Sequence[Mapping[str, Any]], lesson: Lesson) -> None:
        """Check that records of a generated batch are suitable.

        Args:
            records (Sequence[Mapping[str, Any]]): As in :meth:`recorded_losses`.
            lesson (Lesson): The lesson of the generated batch.

        Raises:
            ValueError: If the loss cannot take them.
        """

    def mentor_losses(
        self, student_output: Any, mentor_outputs: Sequence[Any], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor from the outputs.

        Args:
            student_output (Any): Output from the student's recorders, with gradient.
            mentor_outputs (Sequence[Any]): n outputs, in the student's form.
            lesson (Lesson): Activity, weights and temperatures of the mentors.

        Returns:
            Tensor: (n,).
        """
        records = self.of_outputs(student_output, mentor_outputs)
        return self.recorded_losses(records, lesson)

    def of_outputs(
        self, student_output: Any, mentor_outputs: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """Take the outputs as the records of a loss that has no mapping.

        Args:
            student_output (Any): Output from the student's recorders.
            mentor_outputs (Sequence[Any]): n outputs, in the student's form.

        Returns:
            list[dict[str, Any]]: For each mentor, both outputs by argument.
        """
        student, mentor = self.arguments
        return [{student: student_output, mentor: each} for each in mentor_outputs]

    def from_records(
        self, records: Sequence[Mapping[str, Any]], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor from mapped records.

        Args:
            records (Sequence[Mapping[str, Any]]): As in :meth:`recorded_losses`.
            lesson (Lesson): Activity, weights and temperatures of the mentors.

        Returns:
            Tensor: (n,); the distillation loss is their sum.
        """
        return self._weighted(self.recorded_losses(records, lesson), len(records))
