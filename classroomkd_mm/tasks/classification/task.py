# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ..task import TASKS, Task
from .classes import ClassAligner, build_class_aligner
from .examples import example_batches


@TASKS.register_module(name='classification')
class ClassificationTask(Task):
    """Classifiers of MMPretrain, and mentors that map images to logits.

    Mentor options: ``class_map``, for each class of the student the number of the
    mentor's.
    """

    mentor_options = ('class_map',)

    def fits(self, network: nn.Module) -> bool:
        """Tell a model of MMPretrain, without importing MMPretrain.

        Args:
            network (nn.Module): A student, or a mentor's network.

        Returns:
            bool: Whether its class, or one that it inherits from, is MMPretrain's.
        """
        bases = type(network).__mro__
        return any(base.__module__.startswith('mmpretrain.') for base in bases)

    def distiller(self, student: nn.Module) -> dict[str, Any]:
        """Score and teach the logits, which the head gives.

        Args:
            student (nn.Module): The student.

        Returns:
            dict: Configs of scorer, recorder and loss.
        """
        return dict(
            scorer=dict(type='ClassificationScorer'),
            student_recorders=dict(logits=dict(type='ModuleOutputs', source='head')),
            distill_losses=dict(loss_classroom=dict(type='ClassroomKDLoss')),
        )

    def align_output(
        self,
        mentor: str,
        network: nn.Module,
        student: nn.Module,
        input_size: tuple[int, int] | None,
        options: Mapping[str, Any],
    ) -> ClassAligner | None:
        """Pick the student's classes, where a mentor has others.

        Args:
            mentor (str): The mentor's name, for messages.
            network (nn.Module): The mentor's network.
            student (nn.Module): The student.
            input_size (tuple[int, int], optional): Height and width of the mentor's
                input in pixels.
            options (Mapping): May hold ``class_map``.

        Returns:
            ClassAligner | None: None if the classes are the same.

        Raises:
            TypeError: If ``class_map`` is not a list.
            ValueError: If the classes do not fit the student's or the map.
        """
        return build_class_aligner(
            mentor, network, student, options.get('class_map'), input_size
        )

    def example_batches(
        self, student: nn.Module
    ) -> Iterator[tuple[Tensor, Sequence[BaseDataElement]]]:
        """Generate labelled images, at several sizes where the student has none.

        Args:
            student (nn.Module): The student.

        Returns:
            Iterator: Images (N, C, H, W) and N samples with labels.
        """
        return example_batches(student)
