# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmengine.structures import BaseDataElement
from mmrazor.models.algorithms import BaseAlgorithm
from mmrazor.models.utils import add_prefix
from mmrazor.registry import MODELS
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ...mentors import build_mentors
from ...mentors.cache import CacheOptions, MentorCache, connect
from ...mentors.cache.options import check_student
from ...networks import build_network
from ...options import build_part, check_options, options_of
from ...tasks import Task, distiller_config, find_task
from ..distillers.inplace import forbid_inplace
from .state_dict import add_student_prefix, drop_student_prefix


@MODELS.register_module()
class ClassroomDistill(BaseAlgorithm):
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
        init_cfg (dict, optional): As for every MMEngine module.
        module_inplace (bool): As in MMRazor. Defaults to False: recorded outputs
            are never overwritten.
        mentor_cache (dict, optional): Keep the mentors' outputs on disk for K views of
            each sample: ``path`` of a folder, ``num_views``, and optionally ``seed``,
            ``dtype``, ``topk``; see docs/caching.md.

    Raises:
        TypeError: If an option does not exist, or is of a wrong type.
        ValueError: If what the config says of a mentor or a part cannot be.
        FileNotFoundError: If a config or a checkpoint does not exist.
    """

    def __init__(
        self,
        architecture: Mapping | BaseModel,
        mentors: Mapping[str, Any] | None = None,
        distiller: Mapping | None = None,
        task: str | Task | None = None,
        data_preprocessor: Mapping | nn.Module | None = None,
        init_cfg: dict | None = None,
        module_inplace: bool = False,
        mentor_cache: Mapping | None = None,
        **unknown: Any,
    ) -> None:
        check_options('ClassroomDistill', unknown, options_of(ClassroomDistill))
        with DefaultScope.overwrite_default_scope('mmrazor'):
            if isinstance(data_preprocessor, Mapping):
                if isinstance(architecture, nn.Module):
                    raise TypeError(
                        'data_preprocessor is a config, which cannot be merged into '
                        f'the built {type(architecture).__name__}: give architecture '
                        'as a config, or data_preprocessor as a module.'
                    )
                architecture = build_network(architecture, data_preprocessor)
                data_preprocessor = None
            super().__init__(
                build_network(architecture), data_preprocessor, init_cfg, module_inplace
            )
            # From here on the student's is the one that made its batches.
            self.student.data_preprocessor = self.data_preprocessor
            self.task = find_task(self.student, task)
            self.distiller = self._build_distiller(distiller)
            if not module_inplace:
                forbid_inplace(self.student)
            self.mentor_cache = self._open_cache(mentor_cache)
            # Who is in the classroom must not change how the student starts.
            with torch.random.fork_rng(devices=[]):
                self.mentors = build_mentors(
                    mentors or {}, self.student, self.task, self.mentor_cache
                )
            self.distiller.prepare(self.student, self.mentors)
        # MMRazor's StopDistillHook sets it.
        self.distillation_stopped = False
        self._register_state_dict_hook(drop_student_prefix)
        self._register_load_state_dict_pre_hook(add_student_prefix)

    @property
    def student(self) -> BaseModel:
        """BaseModel: The network that is trained, MMRazor's ``architecture``."""
        return self.architecture

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

    def _open_cache(self, cfg: Mapping | None) -> MentorCache | None:
        """Open the cache that the config names."""
        if cfg is None:
            return None
        check_student(self.student)
        return MentorCache(CacheOptions.parse(cfg))

    def connect_cache(self, loader: DataLoader) -> DataLoader:
        """Have a data loader give what the mentor cache holds for its samples.

        Args:
            loader (DataLoader): The one that the config describes.

        Returns:
            DataLoader: One of the same samples in the same order, in seeded views.
        """
        preprocessor = self.data_preprocessor
        return connect(self.mentor_cache, self.mentors, preprocessor, loader)

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
        """
        if self.distillation_stopped:
            task_losses = self.student(batch_inputs, data_samples, mode='loss')
            return add_prefix(task_losses, 'student')
        with self.distiller.student_recorders:
            task_losses = self.student(batch_inputs, data_samples, mode='loss')
        with self.distiller.teacher_recorders:
            mentor_outputs = self.mentors(batch_inputs, data_samples)
        weight, losses = self.distiller.teach(mentor_outputs, data_samples)
        return {
            **add_prefix(weigh_losses(task_losses, weight), 'student'),
            **add_prefix(losses, 'distill'),
        }

    def _apply(self, fn: Any, recurse: bool = True) -> nn.Module:
        """Take the mentors along where the student goes."""
        self.mentors.apply_to_tensors(fn)
        return super()._apply(fn, recurse)


def weigh_losses(losses: Mapping[str, Any], weight: Tensor) -> dict[str, Any]:
    """Multiply the losses of a model, and leave what it only logs.

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
