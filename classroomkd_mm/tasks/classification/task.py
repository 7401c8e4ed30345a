# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ...functional.checks import check_choice
from ...networks import is_of_package
from ..task import TASKS, Task
from .classes import build_class_aligner, configured_classes, map_classes_by_name
from .examples import example_batches
from .heads import (
    MarginalLogits,
    SumOfBranches,
    has_branches,
    head_of,
    logits_source,
    training_difference,
)
from .likelihood import LIKELIHOODS, SIGMOID, SOFTMAX, likelihood_of
from .loss_trial import reject_softmax
from .targets import multi_hot_targets, wrong_targets


@TASKS.register_module(name='classification')
class ClassificationTask(Task):
    """MMPretrain classifiers, and mentors that map images to logits.

    Mentor options: ``class_map``, for each class of the student the index of the
    mentor's class; ``likelihood``, 'softmax' or 'sigmoid', if it cannot be determined
    from the mentor's network.
    """

    mentor_options = ('class_map', 'likelihood')
    unit: ClassVar[str] = 'classes'

    def fits(self, network: nn.Module) -> bool:
        """Whether a network is an MMPretrain model.

        Args:
            network (nn.Module): A student, or a mentor's network.

        Returns:
            bool: True for an MMPretrain model.
        """
        return is_of_package(network, 'mmpretrain')

    def distiller(self, student: nn.Module) -> dict[str, Any]:
        """Return the default distiller for the logits from which the student predicts.

        Args:
            student (nn.Module): The student.

        Returns:
            dict: Configs of scorer, recorder and loss.
        """
        recorder = dict(type='ClassifierLogits', source=logits_source(student))
        return dict(
            scorer=dict(type='ClassificationScorer'),
            student_recorders=dict(logits=recorder),
            distill_losses=dict(loss_classroom=dict(type='ClassroomKDLoss')),
        )

    def check_output(
        self, student: nn.Module, recorders: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Reject recorders of logits from which the student does not predict.

        Args:
            student (nn.Module): The student.
            recorders (Mapping[str, Mapping]): Recorders of the output to score and
                teach, by name.

        Raises:
            ValueError: If one records the output of a head with a margin or with
                several branches.
        """
        head = head_of(student)
        difference = training_difference(head)
        if difference is None:
            return
        for name, recorder in recorders.items():
            kind = str(recorder.get('type')).split('.')[-1]
            if kind == 'ModuleOutputs' and recorder.get('source') == 'head':
                raise ValueError(
                    f'The recorder {name!r} records the output of the '
                    f'{type(head).__name__} of the student in training: {difference}. '
                    'To score and teach the logits of its prediction, write '
                    "dict(type='ClassifierLogits', source='head'), or leave "
                    'distiller.student_recorders out.'
                )

    def wrong_targets(
        self, student: nn.Module, data_samples: Sequence[BaseDataElement]
    ) -> dict[int, str]:
        """Find labels that are no classes of the student.

        Args:
            student (nn.Module): The student.
            data_samples (Sequence[BaseDataElement]): N samples, in host memory.

        Returns:
            dict[int, str]: What is wrong, by position in the batch.
        """
        return wrong_targets(data_samples, configured_classes(student))

    def output_form(self, student: nn.Module) -> dict[str, Any]:
        """Tell the number of the student's classes, and what its logits stand for.

        Args:
            student (nn.Module): The student.

        Returns:
            dict: ``classes`` and ``likelihood``, None where the student does not tell.
        """
        return dict(
            classes=configured_classes(student),
            likelihood=likelihood_of(student, 'The student'),
        )

    def align_output(
        self,
        mentor: str,
        network: nn.Module,
        student: nn.Module,
        input_size: tuple[int, int] | None,
        options: Mapping[str, Any],
    ) -> nn.Module | None:
        """Build the module that maps a mentor's output to the student's kind of logits.

        Args:
            mentor (str): The mentor's name, for messages.
            network (nn.Module): The mentor's network.
            student (nn.Module): The student.
            input_size (tuple[int, int], optional): Height and width of the mentor's
                input in pixels.
            options (Mapping): May contain ``class_map`` and ``likelihood``.

        Returns:
            nn.Module | None: None if the output needs no conversion.

        Raises:
            TypeError: If ``class_map`` is not a list.
            ValueError: If the classes do not match the student's or the map, or if the
                mentor's head does not predict classes.
        """
        return _in_order(
            SumOfBranches() if has_branches(head_of(network)) else None,
            _likelihood_aligner(mentor, network, student, options.get('likelihood')),
            build_class_aligner(
                mentor, network, student, options.get('class_map'), input_size
            ),
        )

    def predict(
        self,
        student: nn.Module,
        mentor: Callable[[Tensor, Sequence[BaseDataElement]], Any],
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement],
    ) -> Sequence[BaseDataElement]:
        """Convert a mentor's logits to scores and labels with the student's head.

        Args:
            student (nn.Module): The student, in eval mode.
            mentor (Callable): Returns logits (N, C) for a batch.
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement]): N samples.

        Returns:
            Sequence[BaseDataElement]: The samples with predictions.

        Raises:
            NotImplementedError: If the student's head cannot convert logits.
        """
        # MMPretrain's wrappers of other libraries have no head, but have this method.
        head = getattr(student, 'head', student)
        if not hasattr(head, '_get_predictions'):
            raise NotImplementedError(
                'The accuracy of mentors cannot be measured: the student has a '
                f'{type(head).__name__}, which cannot convert logits to predictions. '
                'Remove ClassroomValLoop from val_cfg.'
            )
        return head._get_predictions(mentor(inputs, data_samples), data_samples)

    def guess(self, student: nn.Module, output: Tensor) -> Tensor:
        """Give every class the probability 1 / C.

        Args:
            student (nn.Module): The student, whose likelihood counts.
            output (Tensor): Logits (N, C).

        Returns:
            Tensor: Logits (N, C).
        """
        logit = 0.0
        if likelihood_of(student, 'The student') == SIGMOID:
            logit = -math.log(max(output.shape[1] - 1, 1))
        return torch.full_like(output, logit)

    def check_loss(
        self,
        name: str,
        student: nn.Module,
        output: Tensor,
        value: Callable[[Tensor], Tensor],
    ) -> None:
        """Reject a loss that compares softmaxes, for a student with sigmoids.

        Args:
            name (str): Name of the loss, for messages.
            student (nn.Module): The student.
            output (Tensor): Logits (N, C).
            value (Callable): Maps logits to the loss.

        Raises:
            ValueError: If the loss compares softmaxes and the student has sigmoids.
        """
        if likelihood_of(student, 'The student') == SIGMOID:
            reject_softmax(name, value, output)

    def hits(self, output: Tensor, data_samples: Sequence[BaseDataElement]) -> Tensor:
        """Tell for which samples the largest logit is that of a true class.

        Args:
            output (Tensor): Logits (N, C).
            data_samples (Sequence[BaseDataElement]): N samples with labels.

        Returns:
            Tensor: Float (N,), 0 or 1.
        """
        targets = multi_hot_targets(data_samples, output.shape[1]).to(output.device)
        found = targets.gather(1, output.argmax(dim=1, keepdim=True))[:, 0]
        return ((found > 0) & (found == targets.amax(dim=1))).float()

    def agreement(self, one: Tensor, other: Tensor) -> Tensor:
        """Tell for which samples two members answer the same class.

        Args:
            one (Tensor): Logits (N, C).
            other (Tensor): Logits (N, C).

        Returns:
            Tensor: Float (N,), 0 or 1.
        """
        return (one.argmax(dim=1) == other.argmax(dim=1)).float()

    def options_from_data(
        self,
        mentor: str,
        network: nn.Module,
        student: nn.Module,
        metainfo: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Map the classes by name, if the mentor's have another order.

        Args:
            mentor (str): The mentor's name, for messages.
            network (nn.Module): The mentor's network.
            student (nn.Module): The student.
            metainfo (Mapping): Metainfo of the student's dataset, with the names as
                ``classes``.
            options (Mapping): Options of the mentor. A ``class_map`` takes precedence
                over the names.

        Returns:
            dict: ``class_map``; empty if the order is the same or unknown.

        Raises:
            ValueError: If the names contradict each other.
        """
        if 'class_map' in options:
            return {}
        class_map = map_classes_by_name(mentor, network, student, metainfo)
        return {} if class_map is None else {'class_map': class_map}

    def example_batches(
        self, student: nn.Module
    ) -> Iterator[tuple[Tensor, Sequence[BaseDataElement]]]:
        """Generate labelled images, at several sizes if the student does not fix one.

        Args:
            student (nn.Module): The student.

        Returns:
            Iterator: Images (N, C, H, W) and N samples with labels.
        """
        return example_batches(student)


def _in_order(*steps: nn.Module | None) -> nn.Module | None:
    """Chain the steps that are not None."""
    needed = [step for step in steps if step is not None]
    return nn.Sequential(*needed) if len(needed) > 1 else next(iter(needed), None)


def _likelihood_aligner(
    mentor: str, network: nn.Module, student: nn.Module, likelihood: str | None
) -> MarginalLogits | None:
    """Build the module that converts a mentor's logits to the student's likelihood.

    Logits of sigmoids need no conversion for a student with a softmax: given that
    exactly one class is true, their softmax is the probability of each class.
    """
    if likelihood is not None:
        check_choice(f'Mentor {mentor!r}: likelihood', likelihood, LIKELIHOODS)
    theirs = likelihood or likelihood_of(network, f'Mentor {mentor!r}')
    if likelihood_of(student, 'The student') != SIGMOID:
        return None
    if theirs is None:
        raise ValueError(
            f'Mentor {mentor!r}: the student is trained with sigmoids, but the '
            f'likelihood of {type(network).__name__} is unknown. Set '
            "likelihood='sigmoid' if it was trained with binary cross-entropy, "
            "otherwise likelihood='softmax'."
        )
    return MarginalLogits() if theirs == SOFTMAX else None
