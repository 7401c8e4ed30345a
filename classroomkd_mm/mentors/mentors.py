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

    On purpose it is no ``nn.Module``: a student that holds it has the mentors
    neither among its parameters, buffers and children nor in its checkpoints, and
    no wrapper (DDP, EMA) sees or copies them.

    Source: docs/architecture.md, promise 1.

    Args:
        mentors (list[Mentor]): One or more.
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
        """Tuple[str, ...]: The names, in the order of all tensors of mentors."""
        return tuple(self._mentors)

    def __len__(self) -> int:
        return len(self._mentors)

    def __iter__(self) -> Iterator[Mentor]:
        return iter(self._mentors.values())

    def __getitem__(self, name: str) -> Mentor:
        return self._mentors[name]

    def __deepcopy__(self, memo: dict) -> 'Mentors':
        """Share the mentors: nothing ever changes them."""
        return self

    def __call__(
        self,
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement] | None = None,
    ) -> list[Any]:
        """Let every mentor look at the student's batch.

        Args:
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement], optional): N samples, which
                may carry images for mentors.

        Returns:
            list: The output of each mentor, in order.
        """
        outputs: dict[str, Any] = {}
        with torch.no_grad():
            for group in self._groups:
                images = group[0].adapter(inputs, data_samples)
                for mentor in group:
                    outputs[mentor.name] = mentor.answer(images)
        return [outputs[name] for name in self._mentors]

    def align_to_data(
        self, task: Task, student: nn.Module, metainfo: Mapping[str, Any]
    ) -> None:
        """Compare the mentors with the dataset that the student is trained on.

        Args:
            task (Task): The student's.
            student (nn.Module): The student.
            metainfo (Mapping): What the dataset says of itself, such as ``classes``.

        Raises:
            ValueError: If what a mentor was trained on contradicts the dataset.
        """
        device = next(student.parameters()).device
        for mentor in self:
            aligner = task.align_to_data(
                mentor.name, mentor.network, student, metainfo, mentor.task_options
            )
            if aligner is not None:
                mentor.aligner = aligner.to(device)

    def apply_to_tensors(self, function: Callable[[Tensor], Tensor]) -> None:
        """Move or convert the mentors, as ``nn.Module.to`` does.

        Args:
            function (Callable): What ``nn.Module._apply`` takes.
        """
        for mentor in self:
            mentor._apply(function)

    def manifest(self) -> dict[str, dict[str, str]]:
        """Describe the mentors for a checkpoint.

        Returns:
            dict: By name, the source and the SHA-256 of the weights.
        """
        return {
            mentor.name: {'source': mentor.source, 'sha256': mentor.fingerprint()}
            for mentor in self
        }
