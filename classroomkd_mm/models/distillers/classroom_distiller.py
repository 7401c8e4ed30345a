# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from mmrazor.models.distillers import ConfigurableDistiller
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...classroom import Lesson, MentorLoss, RecordedLoss, Scorer
from ...classroom.statistics import lesson_sums
from ...functional import TASK_WEIGHTS, plan_lesson
from ...functional.checks import check_choice
from ...mentors import Mentors
from ...nested import map_tensors
from ...options import build_part
from .absent import check_always_present, fill_absent
from .mappings import (
    check_from_student,
    check_mapping,
    check_sources,
    mapping_of_mentor,
)
from .mentor_recorders import MentorRecorders
from .needed_records import needed_records
from .records import check_record, keep_versions


@MODELS.register_module()
class ClassroomDistiller(ConfigurableDistiller):
    """Score, filter and pace the mentors, and compute the distillation losses.

    All components are registered modules and can be replaced. A
    :class:`~classroomkd_mm.classroom.MentorLoss` needs no mapping. For any other loss,
    including those of MMRazor, ``loss_forward_mappings`` maps each argument to a
    recorder, as in MMRazor; a mentor's record (``from_student=False``) also needs
    ``mentor=<name>``. A :class:`~classroomkd_mm.classroom.RecordedLoss` may have a
    mapping, which names no mentor and is valid for each. In a ClassroomDistill, the
    student's task provides the defaults of the arguments marked "from the task".

    Source: arXiv 2409.20237; docs/method.md, steps 1 to 5.

    Args:
        scorer (dict): Step 1; from the task.
        student_recorders (dict): MMRazor's recorders by name; from the task. The
            first one records the output to score and teach.
        distill_losses (dict): Losses by name; from the task.
        knowledge_filter (dict): Steps 2 and 3. Defaults to KnowledgeFilter.
        mentoring (dict): Step 4. Defaults to Mentoring.
        task_weight (str): W of step 5, 'student_score' or 'constant'; always constant
            if the filter is off. Defaults to 'student_score'.
        output (Sequence[str], optional): Names of the recorders of the output to score
            and teach, if it is a tuple of several records. Defaults to the first
            recorder only.
        mentor_recorders (dict[str, dict], optional): Maps each mentor's name to its
            recorders by name, for feature losses.
        connectors (dict, optional): As in MMRazor.
        loss_forward_mappings (dict, optional): As in MMRazor, see above.

    Raises:
        TypeError: If an option does not exist or has the wrong type.
        ValueError: If an option has an invalid value.
        KeyError: If a mapping refers to something that does not exist.
    """

    def __init__(
        self,
        scorer: Mapping,
        student_recorders: Mapping[str, Mapping],
        distill_losses: Mapping[str, Mapping],
        knowledge_filter: Mapping | None = None,
        mentoring: Mapping | None = None,
        task_weight: str = 'student_score',
        output: Sequence[str] | None = None,
        mentor_recorders: Mapping[str, Mapping[str, Mapping]] | None = None,
        connectors: Mapping | None = None,
        loss_forward_mappings: Mapping[str, Mapping] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            student_recorders=student_recorders,
            connectors=connectors,
            distill_losses=distill_losses,
            init_cfg=init_cfg,
        )
        check_choice('task_weight', task_weight, TASK_WEIGHTS)
        self.scorer = build_part(scorer, MODELS, 'distiller.scorer', kind=Scorer)
        self.knowledge_filter = build_part(
            knowledge_filter, MODELS, 'distiller.knowledge_filter', 'KnowledgeFilter'
        )
        self.mentoring = build_part(
            mentoring, MODELS, 'distiller.mentoring', 'Mentoring'
        )
        self.task_weight = task_weight
        self.student_sources = student_recorders
        self.output = tuple(output or tuple(student_recorders)[:1])
        for name in self.output:
            check_choice('output', name, tuple(student_recorders))
        self.mentor_recorders = dict(mentor_recorders or {})
        self.loss_forward_mappings = dict(loss_forward_mappings or {})
        for name in self.loss_forward_mappings:
            if name not in distill_losses:
                raise KeyError(
                    f'loss_forward_mappings: there is no loss {name!r}. '
                    f'distill_losses has: {", ".join(distill_losses)}.'
                )
        #: Sums over the last batch, see :func:`lesson_sums`, and its size.
        self.last_sums: Tensor | None = None
        self.last_size = 0

    def build_distill_losses(self, losses: Mapping[str, Any]) -> nn.ModuleDict:
        """Build the losses, and check their options.

        Args:
            losses (Mapping[str, Any]): Configs by name.

        Returns:
            nn.ModuleDict: The losses.

        Raises:
            ValueError: If a name does not contain 'loss', since MMEngine would not
                include the loss in the sum that it minimises.
        """
        for name in losses:
            if 'loss' not in name:
                raise ValueError(
                    f'distill_losses: the name {name!r} must contain "loss", otherwise '
                    'MMEngine does not minimise it.'
                )
        return nn.ModuleDict(
            {
                name: build_part(cfg, MODELS, f'Loss {name!r}')
                for name, cfg in losses.items()
            }
        )

    def prepare(self, student: nn.Module, mentors: Mentors) -> None:
        """Attach the recorders, and check the recorders and mappings of the config.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If a recorder's source does not exist, or a loss takes nothing
                from a student that is trained.
            KeyError: If a mapping or a recorder refers to something that does not
                exist.
            TypeError: If a loss needs a mapping and has none.
        """
        check_sources(self.student_sources, student, 'the student')
        keep_versions(self.student_recorders)
        self.prepare_from_student(student)
        self.teacher_recorders = MentorRecorders(self.mentor_recorders, mentors)
        self.mentor_names = mentors.names
        for part in (self.scorer, self.knowledge_filter, self.mentoring):
            if hasattr(part, 'prepare'):
                part.prepare(student, mentors)
        known_records = {
            None: set(self.student_sources),
            **self.teacher_recorders.known_records(self.output),
        }
        is_trained = any(p.requires_grad for p in student.parameters())
        for name, loss in self.distill_losses.items():
            mapping = self.loss_forward_mappings.get(name)
            check_mapping(name, loss, mapping, known_records, set(self.connectors))
            if is_trained and not isinstance(loss, MentorLoss):
                check_from_student(name, loss, mapping)
            if isinstance(loss, RecordedLoss):
                loss.mapped = name in self.loss_forward_mappings
                loss.temperatures_vary = not getattr(self.mentoring, 'is_fixed', False)
            if isinstance(loss, MentorLoss):
                loss.prepare(student, mentors)
        for name in self.loss_forward_mappings:
            for mapping in self.mappings_of(name):
                check_always_present({name: mapping}, mentors)
        needed = needed_records(
            self.distill_losses.values(),
            self.loss_forward_mappings.values(),
            self.mentor_recorders,
            self.task_weight,
        )
        for name, counts in needed.items():
            self.teacher_recorders.stop_after(name, counts)

    def teach(
        self,
        mentor_outputs: Sequence[Any],
        data_samples: Sequence[BaseDataElement],
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Plan the lesson of a batch, and compute its losses.

        The student's output must have been recorded before.

        Args:
            mentor_outputs (Sequence): n outputs, in the mentors' order; None for a
                mentor that is absent, or whose records alone are needed.
            data_samples (Sequence[BaseDataElement]): N samples with targets.

        Returns:
            tuple: Weight W of the task loss (scalar), and the distillation losses by
            name (scalars).
        """
        student_output = self.student_output()
        present = [output is not None for output in mentor_outputs]
        mentor_outputs = fill_absent(mentor_outputs, student_output)
        lesson = self.plan(student_output, mentor_outputs, data_samples)
        losses = {}
        per_mentor = lesson.task_weight.new_zeros(len(mentor_outputs))
        for name, loss in self.distill_losses.items():
            if isinstance(loss, MentorLoss):
                by_mentor = self.taught(name, student_output, mentor_outputs, lesson)
                per_mentor = per_mentor + by_mentor
                losses[name] = by_mentor.sum()
            else:
                outputs = agreeing_where_broken(
                    student_output, mentor_outputs, lesson.invalid[1:]
                )
                losses[name] = self.mapped_loss(name, outputs)
        self.last_sums = lesson_sums(lesson, per_mentor, present)
        self.last_size = len(data_samples)
        self.forget_records()
        return lesson.task_weight, losses

    def plan(
        self,
        student_output: Any,
        mentor_outputs: Sequence[Any],
        data_samples: Sequence[BaseDataElement],
    ) -> Lesson:
        """Score, filter and pace the mentors.

        Args:
            student_output (Any): See :meth:`student_output`.
            mentor_outputs (Sequence): n outputs, in the mentors' order.
            data_samples (Sequence[BaseDataElement]): N samples with targets.

        Returns:
            Lesson: Activity, weights and temperatures of the mentors.
        """
        return plan_lesson(
            student_output,
            mentor_outputs,
            data_samples,
            scorer=self.scorer,
            knowledge_filter=self.knowledge_filter,
            mentoring=self.mentoring,
            task_weight=self.task_weight,
        )

    def taught(
        self,
        name: str,
        student_output: Any,
        mentor_outputs: Sequence[Any],
        lesson: Lesson,
    ) -> Tensor:
        """Compute a MentorLoss, from the outputs or from the records of its mapping.

        Args:
            name (str): The loss's name.
            student_output (Any): See :meth:`student_output`.
            mentor_outputs (Sequence): n outputs, in the mentors' order.
            lesson (Lesson): Activity, weights and temperatures of the mentors.

        Returns:
            Tensor: The loss of every mentor, (n,).
        """
        loss = self.distill_losses[name]
        if name not in self.loss_forward_mappings:
            return loss(student_output, mentor_outputs, lesson)
        return loss.from_records(self.mapped_records(name, mentor_outputs), lesson)

    def mapped_records(
        self, name: str, mentor_outputs: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """Get the records of a RecordedLoss that has a mapping.

        Args:
            name (str): The loss's name.
            mentor_outputs (Sequence): n outputs, in the mentors' order.

        Returns:
            list[dict[str, Any]]: For each mentor, the records by argument.
        """
        return [
            self.arguments(mapping, mentor_outputs)
            for mapping in self.mappings_of(name)
        ]

    def mappings_of(self, name: str) -> list[dict[str, dict[str, Any]]]:
        """Get the mappings of a loss, with the names of the mentors.

        Args:
            name (str): The loss's name.

        Returns:
            list[dict[str, dict[str, Any]]]: One for each mentor if the loss is a
            RecordedLoss, otherwise a single one.
        """
        mapping = self.loss_forward_mappings[name]
        if not isinstance(self.distill_losses[name], RecordedLoss):
            return [mapping]
        return [mapping_of_mentor(mapping, mentor) for mentor in self.mentor_names]

    def mapped_loss(self, name: str, mentor_outputs: Sequence[Any]) -> Tensor:
        """Compute a loss with the arguments of its mapping.

        Args:
            name (str): The loss's name.
            mentor_outputs (Sequence): n outputs, in the mentors' order.

        Returns:
            Tensor: The loss, a scalar.

        Raises:
            ValueError: If the loss is not a single number.
        """
        mapping = self.loss_forward_mappings[name]
        loss = self.distill_losses[name](**self.arguments(mapping, mentor_outputs))
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            shape = tuple(getattr(loss, 'shape', [type(loss).__name__]))
            raise ValueError(
                f'{type(self.distill_losses[name]).__name__} returns {shape} as '
                f'{name!r}, but a loss must be a single number. If it has an option '
                "`reduction`, set it to 'mean', 'sum' or 'batchmean'."
            )
        return loss.sum()

    def arguments(
        self, mapping: Mapping[str, Mapping], mentor_outputs: Sequence[Any]
    ) -> dict[str, Any]:
        """Get the arguments of a mapping, with tensors whose layout is the usual one.

        Some of MMRazor's losses flatten with ``view``, which tensors in the layout
        channels-last do not allow.

        Args:
            mapping (Mapping[str, Mapping]): Records by argument.
            mentor_outputs (Sequence): n outputs, in the mentors' order.

        Returns:
            dict[str, Any]: The records by argument.
        """
        return {
            argument: map_tensors(
                Tensor.contiguous, self.take(mentor_outputs, **record)
            )
            for argument, record in mapping.items()
        }

    def student_output(self) -> Any:
        """Read the output to score and teach from the student's recorders.

        Returns:
            Any: The record, or a tuple of records if ``output`` lists several.
        """
        records = tuple(self.get_record(name, True) for name in self.output)
        return records if len(records) > 1 else records[0]

    def forget_records(self) -> None:
        """Release the records of the batch, whose graph cannot be copied or freed."""
        for recorder in self.student_recorders.recorders.values():
            recorder.reset_data_buffer()
        self.teacher_recorders.reset()

    def take(
        self,
        mentor_outputs: Sequence[Any],
        recorder: str,
        from_student: bool,
        mentor: str | None = None,
        **place: Any,
    ) -> Any:
        """Get the record that a mapping refers to, from the student or from a mentor.

        Args:
            mentor_outputs (Sequence): n outputs, in the mentors' order.
            recorder (str): Name of the recorder.
            from_student (bool): Whether it is one of the student's.
            mentor (str, optional): Name of the mentor, if it is a mentor's.
            **place (Any): ``record_idx``, ``data_idx``, ``connector`` and
                ``connector_idx`` of MMRazor's mappings.

        Returns:
            Any: The record.
        """
        if from_student:
            return self.get_record(recorder, True, **place)
        if recorder in self.mentor_recorders.get(mentor, ()):
            return self.get_record(f'{mentor}.{recorder}', False, **place)
        output = mentor_outputs[self.mentor_names.index(mentor)]
        if len(self.output) > 1:
            output = output[self.output.index(recorder)]
        return self._connect(output, **place)

    def get_record(
        self,
        recorder: str,
        from_student: bool,
        record_idx: int = 0,
        data_idx: int | None = None,
        **connection: Any,
    ) -> Any:
        """Get a record as MMRazor does, after checking that it was not overwritten.

        Args:
            recorder (str): Name of the recorder; ``<mentor>.<recorder>`` for a mentor.
            from_student (bool): Whether it is one of the student's.
            record_idx (int): Index of the call of the source. Defaults to 0.
            data_idx (int, optional): Index of the item, if the record is a tuple.
            **connection (Any): ``connector`` and ``connector_idx``.

        Returns:
            Any: The record.

        Raises:
            ValueError: If the source did not run, or its record was overwritten.
        """
        manager = self.student_recorders if from_student else self.teacher_recorders
        source = manager.get_recorder(recorder)
        owner, name = 'the student', recorder
        if not from_student:
            mentor, _, name = recorder.rpartition('.')
            owner = f'mentor {mentor!r}'
        check_record(source, record_idx, data_idx, name, owner)
        return super().get_record(
            recorder, from_student, record_idx, data_idx, **connection
        )

    def _connect(
        self,
        output: Any,
        record_idx: int = 0,
        data_idx: int | None = None,
        connector: str | None = None,
        connector_idx: int | None = None,
    ) -> Any:
        """Select and connect a mentor's output, as ``get_record`` does for a record."""
        if data_idx is not None:
            output = output[data_idx]
        if connector is not None:
            output = self.connectors[connector](output)
        return output if connector_idx is None else output[connector_idx]


def agreeing_where_broken(
    student_output: Any, mentor_outputs: Sequence[Any], invalid: Tensor
) -> list[Any]:
    """Let a mentor agree with the student on samples for which its output is broken.

    A loss of MMRazor does not know which samples a mentor teaches: a NaN would reach
    the student. The student's own output teaches it nothing.

    Source: docs/method.md, "Corner cases".

    Args:
        student_output (Tensor | tuple[Tensor, ...]): Of N samples.
        mentor_outputs (Sequence): n outputs, in the student's form.
        invalid (Tensor): Bool (n, N): whether an output is NaN or infinite.

    Returns:
        list: n outputs, finite where the student's is.
    """

    def mended(ours: Any, theirs: Any, broken: Tensor) -> Any:
        if isinstance(theirs, tuple):
            pairs = zip(ours, theirs, strict=True)
            return tuple(mended(*pair, broken) for pair in pairs)
        broken = broken.view(-1, *(1,) * (theirs.ndim - 1))
        return torch.where(broken, ours.detach().to(theirs.dtype), theirs)

    return [
        mended(student_output, output, broken)
        for output, broken in zip(mentor_outputs, invalid, strict=True)
    ]
