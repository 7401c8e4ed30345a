# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmrazor.registry import HOOKS
from torch import nn

from ...diagnosis.chance import Standing, score_with_swaps, standing
from ...diagnosis.samples import some_indices, take_batch, undisturbed
from ...mentors.mentor import Mentor
from .classroom_model import classroom_of


@HOOKS.register_module()
class MentorCheckHook(Hook):
    """Warn of mentors that know no more than chance, before the first batch.

    A wrong channel order, normalization or class order is no error: the mentor gives
    numbers, and the student learns them. This hook shows a few training samples to the
    mentors, and names those whose answers are no better than a guess and fit their own
    samples no better than others. A mentor that is weak is not warned of, nor one with
    random weights on purpose (``ckpt=None``), nor any in a run that is resumed, nor
    any with a cache, which has no outputs for these views.

    The run is not disturbed: random generators, data loader, student and weights stay
    as they are, and a failure of the check is no failure of the run.
    :class:`ClassroomHook` registers this hook where a config does not name it.

    Source: docs/doctor.md, "At the start of a training".

    Args:
        num_samples (int): At least 2. Defaults to 16.

    Raises:
        ValueError: If ``num_samples`` is not an int of 2 or more.

    Examples:
        >>> custom_hooks = [dict(type='mmrazor.MentorCheckHook', num_samples=64)]
    """

    # After MentorDatasetHook, which may map the classes.
    priority = 'BELOW_NORMAL'

    def __init__(self, num_samples: int = 16) -> None:
        if not isinstance(num_samples, int) or num_samples < 2:
            raise ValueError(
                f'MentorCheckHook: num_samples={num_samples!r} must be an int of 2 or '
                'more, since answers are compared between samples.'
            )
        self.num_samples = num_samples

    def before_train(self, runner: Runner) -> None:
        """Check the mentors of a run that starts anew.

        Args:
            runner (Runner): The runner.

        Raises:
            TypeError: If the runner's model is no ClassroomDistill.
        """
        classroom = classroom_of(runner, self)
        if runner.iter > 0 or not is_main_process():
            return
        if classroom.mentor_cache is not None:
            runner.logger.debug('The mentors are not checked: they have a cache.')
            return
        if all(mentor.is_random for mentor in classroom.mentors):
            return
        try:
            standings = self._standings(classroom, runner.train_dataloader)
        except Exception as error:  # of any dataset, mentor or scorer
            runner.logger.debug(f'The mentors could not be checked: {error!r}')
            return
        for mentor, found in zip(classroom.mentors, standings, strict=True):
            if found.at_chance and not mentor.is_random:
                runner.logger.warning(_warning(mentor, found, runner.cfg.filename))

    @torch.no_grad()
    def _standings(self, classroom: nn.Module, loader: Any) -> list[Standing]:
        """Compare every mentor with chance."""
        device = next(classroom.student.parameters()).device
        dataset = loader.dataset
        indices = some_indices(len(dataset), self.num_samples)
        with undisturbed(device):
            batch = take_batch(dataset, loader.collate_fn, indices)
            data = classroom.data_preprocessor(batch, False)
            samples = data['data_samples']
            outputs = _look(classroom.mentors, data['inputs'], samples)
            guess = classroom.task.guess(classroom.student, outputs[0])
            scorer = classroom.distiller.scorer
            scored = score_with_swaps(scorer, guess, outputs, samples)
        members = range(1, len(outputs) + 1)
        return [standing(scored, member, scored.own[0]) for member in members]


def _look(mentors: Sequence[Mentor], inputs: Any, samples: Any) -> list[Any]:
    """Run the mentors, and let them forget the images."""
    shapes = [mentor.image_shape for mentor in mentors]
    try:
        return [mentor(inputs, samples) for mentor in mentors]
    finally:
        for mentor, shape in zip(mentors, shapes, strict=True):
            mentor.image_shape = shape


def _warning(mentor: Mentor, found: Standing, config: str | None) -> str:
    """Say who is at chance, and what finds the reason."""
    broken = f' ({found.invalid} of them NaN or infinite)' * bool(found.invalid)
    return (
        f'Mentor {mentor.name!r} is no better than chance on {found.samples} training '
        f'samples: its mean log-score is {found.score:.2f}{broken}, that of a guess '
        f'{found.guess:.2f}. Its channel order, normalization, input size or class '
        f'order may be wrong: `mim run classroomkd_mm doctor {config or "CONFIG"}` '
        'tries others.'
    )
