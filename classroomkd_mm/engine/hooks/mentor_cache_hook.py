# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import torch
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from mmrazor.registry import HOOKS

from .classroom_model import classroom_of

SWITCHING = {'PipelineSwitchHook', 'YOLOXPoseModeSwitchHook', 'SwitchRecipeHook'}


@HOOKS.register_module()
class MentorCacheHook(Hook):
    """Join data loader and mentor cache before the first batch.

    The dataset gives seeded views, and reads cached outputs in the workers of the
    data loader. :class:`ClassroomHook` registers this hook where the model has a
    ``mentor_cache``.

    Source: docs/caching.md.
    """

    priority = 'NORMAL'

    def before_run(self, runner: Runner) -> None:
        """Put a data loader with views in the place of the one in training.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If cache and data do not fit, or a hook changes the pipeline.
            TypeError: If the views of the dataset or sampler cannot be told.
            OSError: If the cache cannot be written.
        """
        # A run that only tests may have the student alone for its model.
        if not isinstance(runner._train_loop, BaseLoop):
            return
        model = classroom_of(runner, self)
        if model.mentor_cache is None:
            return
        for hook in runner.hooks:
            if type(hook).__name__ in SWITCHING:
                raise ValueError(
                    f'mentor_cache cannot be used with {type(hook).__name__}, which '
                    'changes the pipeline in the course of training: remove one of '
                    'them.'
                )
        loop = runner.train_loop
        loop.dataloader = model.connect_cache(loop.dataloader)
        if hasattr(loop, 'dataloader_iterator'):  # which has begun to load
            with torch.random.fork_rng(devices=[]):
                kind = type(loop.dataloader_iterator)
                loop.dataloader_iterator = kind(loop.dataloader)

    def before_train_epoch(self, runner: Runner) -> None:
        """Go to the view of the epoch, also where DistSamplerSeedHook is left out.

        Args:
            runner (Runner): The runner.
        """
        if classroom_of(runner, self).mentor_cache is not None:
            runner.train_dataloader.sampler.epoch = runner.epoch

    def after_train_epoch(self, runner: Runner) -> None:
        """Let go of mentors whose outputs are all cached.

        Args:
            runner (Runner): The runner.
        """
        model = classroom_of(runner, self)
        if model.mentor_cache is not None:
            for mentor in model.mentors:
                mentor.release()
