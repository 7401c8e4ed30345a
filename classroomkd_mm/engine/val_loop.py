# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A validation loop that also evaluates the mentors."""

from typing import Any

import torch
from mmengine.runner import ValLoop, autocast
from mmrazor.registry import LOOPS

from ..mentors.mentor import Mentor
from .hooks.classroom_model import classroom_of


@LOOPS.register_module()
class ClassroomValLoop(ValLoop):
    """Validate the student, and once per run every mentor on the same data.

    A mentor is evaluated as it teaches: it receives its own input, derived from the
    student's, its output is converted to the student's form, and the student's head
    turns this output into predictions. Every validation reports the metrics of the
    mentors next to the student's, under the same names prefixed by the mentor's name
    (``resnet50/accuracy/top1``). Neither mentors nor data change, so the metrics of the
    mentors are computed at the first validation of a run, in one pass over the data per
    mentor, and reused in later validations.

    Source: docs/mentors.md, "Accuracy of the mentors".

    Args:
        *args (Any): Arguments of MMEngine's ValLoop, passed by the Runner.
        **kwargs (Any): Options of MMEngine's ValLoop, such as ``fp16``.

    Raises:
        TypeError: If the runner's model is not a ClassroomDistill.
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
        """Validate the student; the first time, evaluate the mentors before it.

        Returns:
            dict[str, float]: Metrics of the student, then of the mentors.
        """
        if not self._mentors_known:
            # A data loader draws a random number, which must not affect training.
            with torch.random.fork_rng(devices=[]):
                metrics = self._evaluate_mentors()
            self.evaluator.metrics.append(KnownMetrics(metrics))
            self._mentors_known = True
        return super().run()

    def _evaluate_mentors(self) -> dict[str, float]:
        """Evaluate the mentors one by one."""
        self.runner.logger.info('Evaluating the mentors, once in this run.')
        self.runner.model.eval()
        return {
            f'{mentor.name}/{metric}': value
            for mentor in self.classroom.mentors
            for metric, value in self._evaluate(mentor).items()
        }

    @torch.no_grad()
    def _evaluate(self, mentor: Mentor) -> dict[str, float]:
        """Evaluate a mentor with the student's evaluator."""
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
    """A metric for an evaluator that returns precomputed results.

    Args:
        results (dict[str, float]): Results by name.
    """

    def __init__(self, results: dict[str, float]) -> None:
        self.results = results

    def process(self, data_batch: Any, data_samples: Any) -> None:
        """Ignore a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Any): Not used.
        """

    def evaluate(self, size: int) -> dict[str, float]:
        """Return the results, which are the same in all processes.

        Args:
            size (int): Not used.

        Returns:
            dict[str, float]: The precomputed results.
        """
        return self.results
