# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ..tasks import Task
from .mentor import Mentor


class Mentors:
    """All mentors of a classroom, by name and in order.

    This is deliberately not an ``nn.Module``: the mentors do not appear among the
    parameters, buffers, children or checkpoints of the algorithm that holds them, and
    wrappers (DDP, EMA) neither see nor copy them.

    Source: docs/architecture.md, promise 1.

    Args:
        mentors (list[Mentor]): The mentors.
    """

    def __init__(self, mentors: list[Mentor]) -> None:
        self._mentors = {mentor.name: mentor for mentor in mentors}
        # Those of a group see the same images, which are made once.
        groups: dict[Hashable, list[Mentor]] = {}
        for mentor in mentors:
            groups.setdefault(mentor.adapter.key(), []).append(mentor)
        self._groups = list(groups.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Tuple[str, ...]: Names, in the order of all tensors of the mentors."""
        return tuple(self._mentors)

    def __len__(self) -> int:
        return len(self._mentors)

    def __iter__(self) -> Iterator[Mentor]:
        return iter(self._mentors.values())

    def __getitem__(self, name: str) -> Mentor:
        return self._mentors[name]

    def __deepcopy__(self, memo: dict) -> 'Mentors':
        """Share the mentors, since they never change."""
        return self

    def __call__(
        self,
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement] | None = None,
        iteration: int = 0,
    ) -> list[Any]:
        """Run the mentors on the student's batch.

        Args:
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement], optional): N samples, which
                may contain images for the mentors.
            iteration (int): Number of the iteration. Defaults to 0, in which every
                mentor teaches.

        Returns:
            list: The output of each mentor, in order; None for one that does not teach
            in this iteration, or that only its records are needed of.
        """
        outputs: dict[str, Any] = dict.fromkeys(self._mentors)
        with torch.no_grad():
            for group in self._groups:
                present = [m for m in group if iteration % m.every == 0]
                if present:
                    images = group[0].adapter(inputs, data_samples)
                for mentor in present:
                    outputs[mentor.name] = mentor.answer(images)
        return list(outputs.values())

    def align_to_data(
        self, task: Task, student: nn.Module, metainfo: Mapping[str, Any]
    ) -> None:
        """Align the mentors with the dataset that the student is trained on.

        Args:
            task (Task): The student's task.
            student (nn.Module): The student.
            metainfo (Mapping): Metainfo of the dataset, such as ``classes``.

        Raises:
            ValueError: If a mentor's training dataset contradicts the dataset.
        """
        device = next(student.parameters()).device
        for mentor in self:
            name, network, options = mentor.name, mentor.network, mentor.task_options
            found = task.options_from_data(name, network, student, metainfo, options)
            if found:
                options = {**options, **found}
                aligner = task.align_output(name, network, student, None, options)
                mentor.aligner = aligner.to(device)

    def apply_to_tensors(self, function: Callable[[Tensor], Tensor]) -> None:
        """Move or convert the mentors, as ``nn.Module.to`` does.

        Args:
            function (Callable): As for ``nn.Module._apply``.
        """
        for mentor in self:
            mentor._apply(function)

    def manifest(self) -> dict[str, dict[str, Any]]:
        """Describe the mentors for a checkpoint.

        Returns:
            dict: Source and SHA-256 of the weights, input and output of each mentor,
            by name and in order.
        """
        return {mentor.name: mentor.description() for mentor in self}
