# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...classroom import Lesson, RecordedLoss
from ...functional import (
    at_least_float32,
    confidence_weights,
    cross_entropy_log_scores,
    weigh_terms,
)
from .targets import classification_targets


@MODELS.register_module()
class ConfidentFeatureLoss(RecordedLoss):
    """The feature term of CA-MKD: squared error to the features of every mentor.

    The student's features, connected to the form of the mentor's, are pooled and
    classified by the mentor's own classifier. A mentor whose classifier errs on them
    weighs less, by the rule of ``KnowledgeFilter(weights='confidence')``. The weights
    have no gradient, and sum to n over the mentors that are active. Ranks and
    temperatures do not apply.

    Pooling averages over all positions, or, for a classifier whose input is k² times as
    wide as the features have channels, over each of k x k cells.

    Source: CA-MKD, arXiv 2201.00007, its loss of intermediate features; docs/method.md,
    "Baselines".

    Args:
        classifier (str): Name of the linear classifier within the networks of the
            mentors. Defaults to 'head.fc'.
        loss_weight (float): Factor of the loss. Defaults to 1.
    """

    arguments = ('s_feature', 't_feature')

    def __init__(self, classifier: str = 'head.fc', loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)
        self.classifier = classifier

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Find the classifiers of the mentors.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            TypeError: If no mapping gives the features.
            ValueError: If a mentor has no such module.
        """
        if not self.mapped:
            raise TypeError(
                'ConfidentFeatureLoss compares features: map s_feature and t_feature '
                'in loss_forward_mappings, see docs/method.md, "Baselines".'
            )
        # Not children of this module: mentors are not part of the model.
        self._classifiers = tuple(
            _Classifier(mentor, self.classifier) for mentor in mentors
        )

    def recorded_losses(
        self, records: Sequence[Mapping[str, Any]], lesson: Lesson
    ) -> Tensor:
        """Compare the student's features with those of every mentor.

        Args:
            records (Sequence[Mapping[str, Any]]): For each of the n mentors,
                ``s_feature`` and ``t_feature``, both (N, D, …), in the mentor's form.
            lesson (Lesson): Activity of the mentors, and the samples.

        Returns:
            Tensor: (n,).
        """
        students = [at_least_float32(record['s_feature']) for record in records]
        weights = self._weights(students, lesson)

        def error(index: int, feature: Tensor) -> Tensor:
            return (students[index] - feature).square().flatten(1).mean(dim=1)

        return weigh_terms(
            error,
            [at_least_float32(record['t_feature']) for record in records],
            lesson.ranking._replace(weights=weights),
        )

    @torch.no_grad()
    def _weights(self, students: Sequence[Tensor], lesson: Lesson) -> Tensor:
        """Weigh the mentors by their answers to the student's features, (n, N)."""
        logits = [
            classify(feature)
            for classify, feature in zip(self._classifiers, students, strict=True)
        ]
        labels = classification_targets(lesson.targets).to(logits[0].device)
        scores = [cross_entropy_log_scores(each[None], labels)[0] for each in logits]
        return confidence_weights(torch.stack(scores), lesson.ranking.active)


class _Classifier:
    """The last layers of a mentor: its answer to features, in the student's classes."""

    def __init__(self, mentor: Any, name: str) -> None:
        self.mentor = mentor
        module = dict(mentor.network.named_modules()).get(name)
        if not isinstance(module, nn.Linear):
            found = type(module).__name__ if module is not None else 'no module'
            raise ValueError(
                f'ConfidentFeatureLoss: mentor {mentor.name!r} '
                f'({type(mentor.network).__name__}) has {found} {name!r}, but needs a '
                'linear layer. Set `classifier` to its last linear layer.'
            )
        self.linear = module

    def __call__(self, feature: Tensor) -> Tensor:
        """Pool and classify features (N, D, …), to logits (N, C)."""
        # A mentor may lie elsewhere, or in half precision.
        weights = {name: p.to(feature) for name, p in self.linear.named_parameters()}
        pooled = self._pooled(feature)
        logits = torch.func.functional_call(self.linear, weights, (pooled,))
        aligner = self.mentor.aligner
        return logits if aligner is None else aligner(logits)

    def __deepcopy__(self, memo: dict) -> '_Classifier':
        """Return itself, since copies of a classroom share the mentors."""
        return self

    def _pooled(self, feature: Tensor) -> Tensor:
        """Average a feature over the cells that the classifier takes, (N, D · k²)."""
        channels, wanted = feature.shape[1], self.linear.in_features
        if channels == wanted:
            return feature.flatten(2).mean(-1) if feature.ndim > 2 else feature
        side = math.isqrt(wanted // channels)
        if side**2 * channels != wanted or feature.ndim != 4:
            raise ValueError(
                f'ConfidentFeatureLoss: the classifier of mentor {self.mentor.name!r} '
                f'takes {wanted} values, but the features are '
                f'{tuple(feature.shape)}. Record the features that it pools, and '
                "connect the student's to as many channels."
            )
        return F.adaptive_avg_pool2d(feature, side).flatten(1)
