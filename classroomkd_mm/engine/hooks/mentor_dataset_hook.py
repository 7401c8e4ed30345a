# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import logging
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from ...datasets.metainfo import metainfo_of
from .classroom_model import classroom_of


@HOOKS.register_module()
class MentorDatasetHook(Hook):
    """Compare the mentors' training datasets with that of the student.

    An MMEngine checkpoint contains the names of the classes or keypoints of its
    dataset. If they include all of the student's, in any order, the mentor's output is
    mapped by name. If some names differ, the hook warns. If they contradict the
    dataset, it raises an error before training starts. It also warns if a mentor was
    built for another image size than that of the first batch. :class:`ClassroomHook`
    registers this hook if the config does not list it.

    Source: docs/mentors.md, "What is compared with the dataset".

    Examples:
        >>> custom_hooks = [dict(type='mmrazor.MentorDatasetHook')]
    """

    priority = 'NORMAL'

    def __init__(self) -> None:
        self._compared_sizes = False

    def before_train(self, runner: Runner) -> None:
        """Compare the names before the first batch.

        Args:
            runner (Runner): The runner.

        Raises:
            TypeError: If the runner's model is not a ClassroomDistill.
            ValueError: If the names of a mentor contradict the dataset.
        """
        model = classroom_of(runner, self)
        metainfo = metainfo_of(getattr(runner.train_dataloader, 'dataset', None))
        model.mentors.align_to_data(model.task, model.student, metainfo)

    def after_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        """Compare the size of the first images with the size the mentors expect.

        Args:
            runner (Runner): The runner.
        """
        if self._compared_sizes:
            return
        self._compared_sizes = True
        for mentor in classroom_of(runner, self).mentors:
            warning = mentor.size_warning()
            if warning:
                print_log(warning, logger='current', level=logging.WARNING)
