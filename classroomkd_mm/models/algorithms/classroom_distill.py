# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import inspect
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.logging import MessageHub, print_log
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.structures import BaseDataElement
from mmrazor.models.algorithms import BaseAlgorithm
from mmrazor.models.utils import add_prefix
from mmrazor.registry import MODELS
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ...functional import weigh_process
from ...mentors import Mentors, build_mentors
from ...mentors.cache import CacheOptions, MentorCache, connect
from ...mentors.cache.options import check_student
from ...networks import build_network, network_class, network_config
from ...options import build_part, check_options, options_of
from ...suggestions import suggesting_names
from ...tasks import Task, distiller_config, find_task
from ..distillers.dry_lesson import give_dry_lesson
from ..distillers.inplace import forbid_inplace
from .from_mmrazor import refuse_options_of_mmrazor
from .student_config import student_model
from .student_face import StudentFace


@MODELS.register_module()
class ClassroomDistill(StudentFace, BaseAlgorithm):
    """Train a student in a classroom of frozen mentors.

    The student is trained, validated, tested and saved; the mentors are seen by
    nobody else: they are not among the parameters, buffers and children of this
    module. Checkpoints have the student's own names, so that they load into the
    student without conversion; both these and MMRazor's (``architecture.…``) are
    read.

    Source: arXiv 2409.20237; docs/method.md; docs/architecture.md, "The training step".

    Args:
        architecture (dict | BaseModel): The student: a model config, or
            ``cfg_path`` of a whole config, or a built model.
        mentors (dict): The mentors by name, see
            :func:`~classroomkd_mm.mentors.build_mentors`.
        distiller (dict, optional): Defaults to ClassroomDistiller with the parts
            that the task names.
        task (str, optional): The registered task, such as 'classification' or
            'pose'. Defaults to the one that fits the student.
        data_preprocessor (dict | nn.Module, optional): Merged over the student's
            own if it is a dict.
        fast_mentors (bool): Fold the mentors' norms into their convolutions, which
            moves their outputs by at most 1e-4 of the largest. A mentor's own
            ``fast`` goes first. Defaults to True; False: bit for bit what the
            networks give.
        init_cfg (dict, optional): As for every MMEngine module.
        module_inplace (bool): As in MMRazor. Defaults to False: recorded outputs
            are never overwritten.
        dry_run (bool): Whether to try all losses once on generated images, so that
            what does not fit is refused here and not at the first batch. Defaults
            to True; with ``mentor_cache``, which has no outputs for them, it is left
            out.
        student_trainable (bool): False freezes the student, as in MMRazor: for a stage
            that trains only connectors, such as the Paraphraser of FTLoss. The student
            is in eval mode, and the losses are those of the distiller alone. Defaults
            to True.
        mentor_cache (dict, optional): Keep the mentors' outputs on disk for K views of
            each sample: ``path`` of a folder, ``num_views``, and optionally ``seed``,
            ``dtype``, ``topk``; see docs/caching.md.

        **student: Options of the student, merged over those of ``architecture``.
            Inference APIs set ``train_cfg`` and ``backbone`` of any model.

    Raises:
        TypeError: If an option does not exist or has the wrong type.
        ValueError: If the config of a mentor or a component is invalid, or nothing is
            trained.
        KeyError: If a type is not registered; the message has the most similar one.
        FileNotFoundError: If the config of the student does not exist. A mentor's
            missing file or package is an error when a training starts, or at the
            first loss.
    """

    def __init__(
        self,
        architecture: Mapping | BaseModel,
        mentors: Mapping[str, Any] | None = None,
        distiller: Mapping | None = None,
        task: str | Task | None = None,
        data_preprocessor: Mapping | nn.Module | None = None,
        fast_mentors: bool = True,
        init_cfg: dict | None = None,
        module_inplace: bool = False,
        dry_run: bool = True,
        student_trainable: bool = True,
        mentor_cache: Mapping | None = None,
        **student: Any,
    ) -> None:
        refuse_options_of_mmrazor(student)
        check_student_options(architecture, student)
        with DefaultScope.overwrite_default_scope('mmrazor'), suggesting_names():
            overrides = (
                data_preprocessor if isinstance(data_preprocessor, Mapping) else None
            )
            if overrides is not None and isinstance(architecture, nn.Module):
                raise TypeError(
                    'data_preprocessor is a config, which cannot be merged into '
                    f'the built {type(architecture).__name__}: give architecture '
                    'as a config, or data_preprocessor as a module.'
                )
            if student or overrides is not None:
                architecture = student_model(architecture, student, overrides)
            if overrides is not None:
                data_preprocessor = None
            super().__init__(
                build_network(architecture), data_preprocessor, init_cfg, module_inplace
            )
            # From here on, the student uses the preprocessor that made its batches.
            self.student.data_preprocessor = self.data_preprocessor
            self.task = find_task(self.student, task)
            self.distiller = self._build_distiller(distiller)
            self.student_trainable = student_trainable
            if not student_trainable:
                self._freeze_student()
            if not module_inplace:
                forbid_inplace(self.student)
            self.mentor_cache = self._open_cache(mentor_cache)
            self._missing = self._build_mentors(mentors or {}, fast_mentors)
        # MMRazor's StopDistillHook sets it.
        self.distillation_stopped = False
        if dry_run and not self._missing and self.mentor_cache is None:
            give_dry_lesson(self)

    def _build_mentors(
        self, mentors: Mapping[str, Any], fast: bool
    ) -> Exception | None:
        """Build the mentors; return the error if this machine lacks one's files.

        An inference API builds the model of a config too, where nobody needs
        mentors. A mistake in the config is an error for it as well.
        """
        try:
            # Building the mentors must not affect the student's initialisation.
            with torch.random.fork_rng(devices=[]):
                recorded = self.distiller.mentor_recorders
                self.mentors = build_mentors(
                    mentors, self.student, self.task, fast, recorded, self.mentor_cache
                )
        except (OSError, ImportError) as error:
            print_log(
                f'{error} Without its mentors the student can be tested and used, '
                'but not trained.',
                logger='current',
                level=logging.WARNING,
            )
            self.mentors = Mentors([])
            return error
        self.distiller.prepare(self.student, self.mentors)
        return None

    def _freeze_student(self) -> None:
        """Leave only the parts of the distiller to be trained."""
        self.student.requires_grad_(False)
        if not any(p.requires_grad for p in self.distiller.parameters()):
            raise ValueError(
                'With student_trainable=False nothing is trained: distiller.connectors '
                'has no weights. Add the connector that this stage is to train, or '
                'remove student_trainable.'
            )

    def train(self, mode: bool = True) -> nn.Module:
        """Switch between training and evaluation; a frozen student stays in eval mode.

        Args:
            mode (bool): Whether to train. Defaults to True.

        Returns:
            nn.Module: Itself.
        """
        super().train(mode)
        if not self.student_trainable:
            self.student.eval()
        return self

    @property
    def student(self) -> BaseModel:
        """BaseModel: The network that is trained, MMRazor's ``architecture``."""
        return self.architecture

    def __getattr__(self, name: str) -> Any:
        """Look up a child, parameter or buffer; explain a missing `teacher`.

        MMRazor's SingleTeacherDistillValLoop asserts `hasattr(model, 'teacher')`
        without a message, which an AttributeError would end in.
        """
        if name == 'teacher':
            raise NotImplementedError(
                'A classroom has mentors in the place of a `teacher`. To see their '
                "accuracy beside the student's, write "
                "val_cfg=dict(type='mmrazor.ClassroomValLoop') in the place of "
                "MMRazor's SingleTeacherDistillValLoop."
            )
        return super().__getattr__(name)

    def _build_distiller(self, cfg: Mapping | nn.Module | None) -> nn.Module:
        """Build the distiller, its config completed by the task."""
        cfg = {} if cfg is None else cfg
        if isinstance(cfg, Mapping):
            cfg = distiller_config(self.task, self.student, cfg)
        distiller = build_part(cfg, MODELS, 'distiller', 'ClassroomDistiller')
        scorer = distiller.scorer
        if scorer.task not in (None, self.task.name()):
            raise ValueError(
                f'{type(scorer).__name__} scores the task {scorer.task!r}, but the '
                f'student ({type(self.student).__name__}) is of the task '
                f'{self.task.name()!r}. Leave distiller.scorer out for the default of '
                'the task, and loss and recorders with it.'
            )
        return distiller

    def init_weights(self) -> None:
        """Initialise the student; the Runner calls this when training starts.

        Raises:
            OSError: If the file of a mentor is missing or cannot be fetched.
            ImportError: If the package of a mentor is missing.
        """
        self._require_mentors()
        super().init_weights()

    def _require_mentors(self) -> None:
        if self._missing:
            raise self._missing

    def _open_cache(self, cfg: Mapping | None) -> MentorCache | None:
        """Open the cache that the config names."""
        if cfg is None:
            return None
        options = CacheOptions.parse(cfg)
        check_student(self.student, self.task, options)
        return MentorCache(options)

    def connect_cache(self, loader: DataLoader) -> DataLoader:
        """Have a data loader give what the mentor cache holds for its samples.

        Args:
            loader (DataLoader): The one that the config describes.

        Returns:
            DataLoader: One of the same samples in the same order, in seeded views.

        Raises:
            OSError: If the file of a mentor that has to run is missing.
            ImportError: If its package is missing.
        """
        self._require_mentors()
        return connect(self.mentor_cache, self.mentors, self.task, self.student, loader)

    def loss(
        self,
        batch_inputs: Tensor,
        data_samples: Sequence[BaseDataElement] | None = None,
    ) -> dict[str, Tensor]:
        """Compute the losses of a batch.

        Args:
            batch_inputs (Tensor): Images normalised for the student, (N, C, H, W).
            data_samples (Sequence[BaseDataElement]): N samples with targets.

        Returns:
            dict[str, Tensor]: ``student.…``, the task losses times W, and
            ``distill.…``, the distillation losses. MMEngine minimises their sum.
            With several processes, all have the weight of this one, see
            :func:`~classroomkd_mm.functional.weigh_process`.
        """
        self._require_mentors()
        losses = self._losses(batch_inputs, data_samples)
        process_weight = weigh_process(len(batch_inputs), batch_inputs.device)
        return weigh_losses(losses, process_weight)

    def _losses(
        self, batch_inputs: Tensor, data_samples: Sequence[BaseDataElement] | None
    ) -> dict[str, Any]:
        """Compute the losses of the batch, or of the part of it in this process."""
        if self.distillation_stopped:
            task_losses = self.student(batch_inputs, data_samples, mode='loss')
            return add_prefix(task_losses, 'student')
        # The mentors come first: what they compute need not fit beside the student's.
        with self.distiller.teacher_recorders:
            iteration = MessageHub.get_current_instance().get_info('iter', 0)
            mentor_outputs = self.mentors(batch_inputs, data_samples, iteration)
        with self.distiller.student_recorders:
            task_losses = self.student(batch_inputs, data_samples, mode='loss')
        weight, losses = self.distiller.teach(mentor_outputs, data_samples)
        if not self.student_trainable:
            return add_prefix(losses, 'distill')
        return {
            **add_prefix(weigh_losses(task_losses, weight), 'student'),
            **add_prefix(losses, 'distill'),
        }

    def _apply(self, fn: Any, recurse: bool = True) -> nn.Module:
        """Move or convert the mentors together with the student."""
        self.mentors.apply_to_tensors(fn)
        return super()._apply(fn, recurse)


def check_student_options(architecture: Any, student: Mapping[str, Any]) -> None:
    """Reject options that neither the classroom nor its student has.

    Args:
        architecture (dict | BaseModel): The student.
        student (Mapping): Options to pass to the student.

    Raises:
        TypeError: If one does not exist; a built student takes none.
    """
    known = options_of(ClassroomDistill)
    if student and isinstance(architecture, Mapping):
        kind = network_class(network_config(architecture))
        if inspect.isclass(kind):
            known |= options_of(kind)
    check_options('ClassroomDistill', student, known)


def weigh_losses(losses: Mapping[str, Any], weight: Tensor) -> dict[str, Any]:
    """Multiply the losses of a model, but not the values that it only logs.

    Args:
        losses (Mapping[str, Tensor | list[Tensor]]): As MMEngine's models return.
        weight (Tensor): Scalar.

    Returns:
        dict: The same names; those that contain 'loss' are weighted.
    """

    def weigh(value: Any) -> Any:
        return [weigh(v) for v in value] if isinstance(value, list) else weight * value

    return {
        name: weigh(value) if 'loss' in name else value
        for name, value in losses.items()
    }
