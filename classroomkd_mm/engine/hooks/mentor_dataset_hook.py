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
    """Compare what the mentors were trained on with the dataset of the student.

    A checkpoint of MMEngine names the classes or keypoints of its dataset. Where these
    are the student's in another order, or more, the mentor's output is mapped by name;
    where they differ, a warning says so; where they contradict the dataset, training
    does not start. A mentor that was built for images of another size than those of the
    first batch is warned of. :class:`ClassroomHook` registers this hook where a config
    does not name it.

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
            TypeError: If the runner's model is no ClassroomDistill.
            ValueError: If a mentor contradicts the dataset.
        """
        model = classroom_of(runner, self)
        metainfo = metainfo_of(getattr(runner.train_dataloader, 'dataset', None))
        model.mentors.align_to_data(model.task, model.student, metainfo)

    def after_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        """Compare the size of the first images with what the mentors were built for.

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
