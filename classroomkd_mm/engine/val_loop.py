# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The accuracy of the mentors beside the student's."""

from typing import Any

import torch
from mmengine.runner import ValLoop, autocast
from mmrazor.registry import LOOPS

from ..mentors.mentor import Mentor
from .hooks.classroom_model import classroom_of


@LOOPS.register_module()
class ClassroomValLoop(ValLoop):
    """Validate the student, and once in a run every mentor on the same data.

    A mentor is measured as it teaches: it gets its own input, made from the
    student's, its output is brought into the student's form, and the student's head
    makes predictions of it. With metrics named as the student's, below the mentor's
    name (``resnet50/accuracy/top1``), it stands beside the student in every
    validation. Neither mentors nor data change, so a mentor's are computed at the
    first validation of a run, with one pass through the data for each mentor, and
    repeated from then on.

    Source: docs/mentors.md, "Accuracy of the mentors".

    Args:
        *args (Any): What MMEngine's ValLoop takes, which the Runner gives.
        **kwargs (Any): The same, such as ``fp16``.

    Raises:
        TypeError: If the runner's model is no ClassroomDistill.
        ValueError: If it has a mentor cache.

    Examples:
        >>> val_cfg = dict(type='mmrazor.ClassroomValLoop')
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.classroom = classroom_of(self.runner, self)
        if self.classroom.mentor_cache is not None:
            raise ValueError(
                'ClassroomValLoop cannot run mentors of a mentor_cache, which holds '
                'outputs for training samples only. Remove mentor_cache, or set '
                "val_cfg=dict(type='ValLoop'); `mim run classroomkd_mm doctor` "
                'shows how good the mentors are.'
            )
        self._mentors_known = False

    def run(self) -> dict[str, float]:
        """Validate the student, before that for the first time the mentors.

        Returns:
            dict[str, float]: The metrics of the student, then of the mentors.
        """
        if not self._mentors_known:
            # A data loader draws a number; training must not notice.
            with torch.random.fork_rng(devices=[]):
                metrics = self._evaluate_mentors()
            self.evaluator.metrics.append(KnownMetrics(metrics))
            self._mentors_known = True
        return super().run()

    def _evaluate_mentors(self) -> dict[str, float]:
        """Measure one mentor after the other."""
        self.runner.logger.info('Evaluating the mentors, once in this run.')
        self.runner.model.eval()
        return {
            f'{mentor.name}/{metric}': value
            for mentor in self.classroom.mentors
            for metric, value in self._evaluate(mentor).items()
        }

    @torch.no_grad()
    def _evaluate(self, mentor: Mentor) -> dict[str, float]:
        """Measure a mentor with the student's evaluator."""
        classroom = self.classroom
        for batch in self.dataloader:
            data = classroom.data_preprocessor(batch, False)
            with autocast(enabled=self.fp16):
                predictions = classroom.task.predict(
                    classroom.student, mentor, data['inputs'], data['data_samples']
                )
            self.evaluator.process(data_samples=predictions, data_batch=batch)
        return self.evaluator.evaluate(len(self.dataloader.dataset))


class KnownMetrics:
    """To an evaluator a metric, whose results are known beforehand.

    Args:
        results (dict[str, float]): By name.
    """

    def __init__(self, results: dict[str, float]) -> None:
        self.results = results

    def process(self, data_batch: Any, data_samples: Any) -> None:
        """Take no notice of a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Any): Not used.
        """

    def evaluate(self, size: int) -> dict[str, float]:
        """Give the results, the same in all processes.

        Args:
            size (int): Not used.

        Returns:
            dict[str, float]: What was given.
        """
        return self.results
