# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Any loss of one teacher as what a classroom teaches with."""

import copy
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...classroom import Lesson, RecordedLoss
from ...functional import at_least_float32, for_each_sample
from ...functional.checks import check_choice
from ...nested import map_tensors, tensors_of
from ...options import build_part
from ...random_states import keep_random_states
from .classes import configured_classes
from .likelihood import SIGMOID, likelihood_of
from .loss_trial import reject_growing, reject_softmax, try_loss
from .targets import classification_targets

LABELS = 'gt_labels'
FEATURES = ' If it compares features, map them in loss_forward_mappings.'
PER = ('sample', 'batch')


@MODELS.register_module()
class LessonLoss(RecordedLoss):
    """Teach with any loss of one teacher, such as MMRazor's ``DKDLoss``.

    ``per='sample'``: the loss is computed on each sample alone (with
    ``torch.func.vmap``), weighted by the filter's ranks, and averaged over the batch.
    It must be a mean over samples. With ``KLDivergence`` this is ClassroomKDLoss.

    ``per='batch'``: for losses that compare the samples of a batch, as ``DISTLoss``
    does. A mentor's loss is that of the samples on which it is active, times the mean
    of its weight over the batch. To keep the size of the batch, active samples are
    repeated in the place of the others.

    Mentoring sets the temperature of a loss that has a ``tau``, unless its config gives
    one. ``DISTLoss`` needs one of its own where the temperatures are not all the same:
    its gradient grows with τ². ``gt_labels`` are the labels of the batch. An entry in
    ``loss_forward_mappings`` gives the loss features, with a connector for each mentor,
    see :class:`~classroomkd_mm.classroom.RecordedLoss`.

    Source: docs/method.md, step 5, with another divergence; docs/mmrazor_losses.md.

    Args:
        loss (dict | nn.Module): The loss. The first argument of its ``forward`` is the
            student's, the second the mentor's.
        per (str): 'sample' or 'batch'. Defaults to 'sample'.
        loss_weight (float): Factor of the loss. Defaults to 1.

    Raises:
        TypeError: If the loss takes other arguments.
        ValueError: If ``per`` is unknown.
    """

    def __init__(
        self,
        loss: Mapping[str, Any] | nn.Module,
        per: str = 'sample',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(loss_weight)
        check_choice('per', per, PER)
        self.per = per
        self.loss = build_part(loss, MODELS, 'LessonLoss.loss')
        self.paced = (
            isinstance(loss, Mapping)
            and 'tau' not in loss
            and hasattr(self.loss, 'tau')
        )
        self._arguments, self.takes_labels = _arguments_of(self.loss)

    @property
    def arguments(self) -> tuple[str, str]:
        """The names of the student's and of the mentor's argument."""
        return self._arguments

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Try the loss on generated logits, if it is to compare those of a classifier.

        The dry lesson tries all others.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the loss cannot be computed, is not one of single samples,
                compares softmaxes and the student has sigmoids, or grows with a
                temperature that is not fixed.
        """
        classes = configured_classes(student)
        if self.mapped or classes is None:
            return
        with keep_random_states(torch.device('cpu')):
            logits = torch.randn(2, 4, classes)
            record = dict(zip(self.arguments, logits, strict=True))
            if self.takes_labels:
                record[LABELS] = torch.randint(classes, (4,))
            self._try(record)
            if likelihood_of(student, 'The student') == SIGMOID:
                tau = torch.tensor(2.0)
                first = self.arguments[0]
                reject_softmax(
                    f'LessonLoss: {type(self.loss).__name__}',
                    lambda logits: self._value(record | {first: logits}, tau),
                    record[first],
                )
            self._check_pace(record)

    def rehearse(self, records: Sequence[Mapping[str, Any]], lesson: Lesson) -> None:
        """Check on these records that the loss is one of single samples, and its pace.

        Args:
            records (Sequence[Mapping[str, Any]]): As in :meth:`recorded_losses`.
            lesson (Lesson): The lesson of the generated batch.

        Raises:
            ValueError: If it is not, or cannot be computed, or a pace would set its
                weight.
        """
        for record in records:
            record = self._complete(record, lesson)
            self._try(record)
            self._check_pace(record)

    def recorded_losses(
        self, records: Sequence[Mapping[str, Any]], lesson: Lesson
    ) -> Tensor:
        """Compute the loss of every mentor.

        Args:
            records (Sequence[Mapping[str, Any]]): For each of the n mentors, the two
                arguments of the loss, tensors (N, …).
            lesson (Lesson): Activity, weights and temperatures of the mentors.

        Returns:
            Tensor: (n,), connected to the student's graph.

        Raises:
            ValueError: If the loss takes labels and the batch has soft ones.
        """
        records = [self._complete(r, lesson, i) for i, r in enumerate(records)]
        if not lesson.ranking.weights.numel():
            return torch.stack([_nothing(r[self.arguments[0]]) for r in records])
        compare = self._per_sample if self.per == 'sample' else self._per_batch
        return compare(records, lesson)

    def _complete(
        self, record: Mapping[str, Any], lesson: Lesson, index: int | None = None
    ) -> dict[str, Any]:
        """Add the labels; with the index of a mentor, hide where it does not teach."""
        student, mentor = self.arguments
        record = map_tensors(at_least_float32, record)
        if index is not None:
            idle = ~lesson.ranking.active[index]
            # 0 · NaN is NaN. No loss divides by the norm of ones.
            record[mentor] = map_tensors(
                lambda x: x.masked_fill(idle.view(-1, *(1,) * (x.ndim - 1)), 1),
                record[mentor],
            )
            taus = lesson.temperatures
            if self.paced and taus.student is not taus.mentor:
                # Two temperatures (DTKD) are one, of logits that are scaled.
                ratio = (taus.student[index] / taus.mentor[index]).sqrt()
                record[mentor] = map_tensors(lambda x: _scale(x, ratio), record[mentor])
                record[student] = map_tensors(
                    lambda x: _scale(x, 1 / ratio), record[student]
                )
        if self.takes_labels and LABELS not in record:
            record[LABELS] = self._labels(lesson).to(lesson.ranking.weights.device)
        return record

    def _labels(self, lesson: Lesson) -> Tensor:
        """Collect the labels of the batch, int64 (N,)."""
        labels = classification_targets(lesson.targets)
        if labels.is_floating_point():
            raise ValueError(
                f'{type(self.loss).__name__} takes one label for each sample, but the '
                'samples have soft labels (mixup, CutMix or to_onehot). Remove them '
                'from the data_preprocessor, or teach with a loss without gt_labels.'
            )
        return labels

    def _per_sample(self, records: Sequence[dict], lesson: Lesson) -> Tensor:
        """Weigh the loss of each sample, and average, (n,)."""
        taus = self._taus(lesson)
        shapes = [[tensor.shape for tensor in tensors_of(r)] for r in records]
        if all(shape == shapes[0] for shape in shapes):
            # One call takes less time than one for each mentor.
            joined = map_tensors(lambda *parts: torch.cat(parts), *records)
            terms = self._terms(joined, taus.flatten()).view_as(taus)
        else:
            terms = torch.stack([*map(self._terms, records, taus)])
        return (lesson.ranking.weights * terms).mean(1)

    def _per_batch(self, records: Sequence[dict], lesson: Lesson) -> Tensor:
        """Weigh the loss of the active samples by the mean weight, (n,)."""
        values = []
        members = zip(records, lesson.ranking.active, self._taus(lesson), strict=True)
        for record, active, taus in members:
            places = active_places(active)
            chosen = map_tensors(lambda x, p=places: x.index_select(0, p), record)
            values.append(self._value(chosen, taus[places].mean()))
        return lesson.ranking.weights.mean(1) * torch.stack(values)

    def _taus(self, lesson: Lesson) -> Tensor:
        """The temperatures of the mentors, (n, N)."""
        taus = lesson.temperatures
        if taus.student is taus.mentor:
            return taus.mentor
        return (taus.student * taus.mentor).sqrt()

    def _terms(self, record: dict, taus: Tensor) -> Tensor:
        """Compute the loss of every sample as that of a batch of one, (N,)."""

        def alone(sample: dict, tau: Tensor) -> Tensor:
            return self._value(map_tensors(lambda x: x[None], sample), tau)

        return for_each_sample(alone, record, taus)

    def _value(self, record: dict, tau: Tensor) -> Tensor:
        """Compute the loss of a batch, a scalar."""
        loss = self.loss
        if self.paced:
            loss = copy.copy(loss)
            loss.tau = tau
        value = loss(**record)
        if value.numel() != 1:
            raise ValueError(
                f'it gives {tuple(value.shape)} for a batch, but must give a single '
                "number. If it has an option `reduction`, set it to 'batchmean' or "
                "'mean'."
            )
        return value.sum()

    def _try(self, record: dict) -> None:
        """Reject a loss that cannot be computed, or not per sample."""
        try_loss(
            type(self.loss).__name__,
            self._value,
            self._terms if self.per == 'sample' else None,
            record,
            '' if self.mapped else FEATURES,
        )

    def _check_pace(self, record: dict) -> None:
        """Reject a loss that temperatures which differ would weigh."""
        if self.paced and self.temperatures_vary:
            student = self.arguments[0]
            reject_growing(
                type(self.loss).__name__,
                lambda output, tau: self._value(record | {student: output}, tau),
                record[student],
            )

    def extra_repr(self) -> str:
        """Show the options."""
        return f'per={self.per!r}, paced={self.paced}, {super().extra_repr()}'


def active_places(active: Tensor) -> Tensor:
    """Fill a batch with its active samples, without making the host wait.

    Args:
        active (Tensor): Bool (N,).

    Returns:
        Tensor: int64 (N,): the indices of the active samples in order, repeated from
        the start until there are N; 0 to N - 1 if none is active.
    """
    order = torch.argsort((~active).to(torch.uint8), stable=True)
    size = len(active)
    count = active.sum()
    period = torch.where(count > 0, count, size)
    return order[torch.arange(size, device=active.device) % period]


def _arguments_of(loss: nn.Module) -> tuple[tuple[str, str], bool]:
    """Names of the student's and the mentor's argument; whether it takes labels."""
    parameters = inspect.signature(loss.forward).parameters
    needed = [key for key, p in parameters.items() if p.default is p.empty]
    pair = [key for key in needed if key != LABELS]
    if len(pair) != 2 or needed[:2] != pair:
        raise TypeError(
            f'LessonLoss cannot teach with {type(loss).__name__}, which takes '
            f'{", ".join(parameters)}: it must take an output of the student, one of '
            f'a mentor, and optionally {LABELS}. Map it once for each mentor, without '
            'LessonLoss: docs/mmrazor_losses.md.'
        )
    return tuple(pair), LABELS in parameters


def _scale(x: Tensor, factors: Tensor) -> Tensor:
    """Multiply each sample by its factor."""
    return x * factors.view(-1, *(1,) * (x.ndim - 1))


def _nothing(value: Any) -> Tensor:
    """A zero that is connected to the graph of a record."""
    return sum(tensor.sum() for tensor in tensors_of(value)) * 0
