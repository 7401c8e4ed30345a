# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping, Sequence, Sized
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from ...datasets.sample_names import sample_name
from .classroom_model import classroom_of


@HOOKS.register_module()
class SampleCheckHook(Hook):
    """Refuse samples that the student cannot be trained on, and name them.

    A label that is no class of the student, or a target of another size, is an error
    deep in PyTorch that names no sample; on an accelerator it even comes later, and
    elsewhere. This hook looks at the samples of each batch before they are moved to the
    device, so that the device is not waited for. A data loader that gives no batch is
    refused before training, which would otherwise end without a step.

    :class:`ClassroomHook` registers this hook where a config does not name it.

    Source: docs/reliability.md, "Bad data".

    Examples:
        >>> custom_hooks = [dict(type='mmrazor.SampleCheckHook')]
    """

    priority = 'NORMAL'

    def before_train(self, runner: Runner) -> None:
        """Refuse a data loader without batches.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If there is no batch in an epoch.
        """
        loader = runner.train_dataloader
        if not isinstance(loader.dataset, Sized) or len(loader) > 0:
            return
        raise ValueError(
            f'train_dataloader gives no batch: its dataset has {len(loader.dataset)} '
            'samples, with '
            f'batch_size={loader.batch_size} and drop_last={loader.drop_last}. Correct '
            'the path of the annotations, or set a smaller batch_size.'
        )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Look at the targets of a batch.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (Any): As the data loader gives it, on the host.

        Raises:
            TypeError: If the runner's model is not a ClassroomDistill.
            ValueError: If the batch is empty, or a target does not fit the student.
        """
        samples = data_batch.get('data_samples') if _has_samples(data_batch) else None
        if samples is None:
            return
        if len(samples) == 0:
            raise ValueError(
                'The data loader gave an empty batch. Correct the batch_sampler or '
                'collate_fn of train_dataloader.'
            )
        classroom = classroom_of(runner, self)
        wrong = classroom.task.wrong_targets(classroom.student, samples)
        if wrong:
            position = next(iter(wrong))
            name = sample_name(samples[position].metainfo, position)
            others = f' So have {len(wrong) - 1} others of its batch.'
            raise ValueError(f'{name} {wrong[position]}.{others * (len(wrong) > 1)}')


def _has_samples(batch: Any) -> bool:
    """Whether a batch has the form of OpenMMLab's packages."""
    return isinstance(batch, Mapping) and isinstance(
        batch.get('data_samples'), Sequence
    )
