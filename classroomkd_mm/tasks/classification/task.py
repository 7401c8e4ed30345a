# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping
from typing import Any

from torch import nn

from ...networks import is_of_package
from ..task import TASKS, Task
from .classes import ClassAligner, build_class_aligner, configured_classes


@TASKS.register_module(name='classification')
class ClassificationTask(Task):
    """Classifiers of MMPretrain, and mentors that map images to logits.

    Mentor options: ``class_map``, for each class of the student the number of the
    mentor's.
    """

    mentor_options = ('class_map',)

    def fits(self, network: nn.Module) -> bool:
        """Tell a model of MMPretrain.

        Args:
            network (nn.Module): A student, or a mentor's network.

        Returns:
            bool: Whether it is one.
        """
        return is_of_package(network, 'mmpretrain')

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

    def output_form(self, student: nn.Module) -> dict[str, Any]:
        """Tell the number of the student's classes.

        Args:
            student (nn.Module): The student.

        Returns:
            dict: ``classes``, None where the student does not tell.
        """
        return dict(classes=configured_classes(student))

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
