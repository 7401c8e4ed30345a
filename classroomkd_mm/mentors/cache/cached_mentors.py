# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ...tasks import Task
from ..mentors import Mentors
from .cached_mentor import CachedMentor


class CachedMentors(Mentors):
    """All mentors of a classroom with a cache.

    Args:
        mentors (list[CachedMentor]): One or more.
    """

    def __init__(self, mentors: list[CachedMentor]) -> None:
        self._mentors = {mentor.name: mentor for mentor in mentors}

    def __call__(
        self,
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement] | None = None,
        iteration: int = 0,
    ) -> list[Any]:
        """Read the outputs of the mentors; compute those that are missing.

        Args:
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement]): N samples from SeededViews.
            iteration (int): Number of the iteration. Defaults to 0, in which every
                mentor teaches.

        Returns:
            list: The output of each mentor, in order; None for one that does not teach
            in this iteration.
        """
        return [
            mentor(inputs, data_samples) if iteration % mentor.every == 0 else None
            for mentor in self
        ]

    def align_to_data(
        self, task: Task, student: nn.Module, metainfo: Mapping[str, Any]
    ) -> None:
        """Do nothing: :meth:`check_against_data` has compared them.

        What a mentor gives must not change once it is known to the cache.

        Args:
            task (Task): Not used.
            student (nn.Module): Not used.
            metainfo (Mapping): Not used.
        """

    def check_against_data(
        self, task: Task, student: nn.Module, metainfo: Mapping[str, Any]
    ) -> None:
        """Compare the mentors with the data set, before anything is cached.

        One that is not built was compared when its entries were made, with the same
        data set: the cache would not fit another.

        Args:
            task (Task): The student's.
            student (nn.Module): The student.
            metainfo (Mapping): What the data set says of itself, such as ``classes``.

        Raises:
            ValueError: If what a mentor was trained on contradicts the data set, or
                calls for a map that its entry in the config does not have.
        """
        for mentor in self:
            mentor.check_against_data(task, student, metainfo)
