# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What is wrong with the end of distillation that a config asks for."""

from mmengine.runner import IterBasedTrainLoop, Runner
from torch import nn


def refuse_bad_stops(runner: Runner, distiller: nn.Module) -> None:
    """Reject a StopDistillHook that never stops, or after which DDP fails.

    Args:
        runner (Runner): The runner.
        distiller (nn.Module): The distiller of the classroom.

    Raises:
        ValueError: If the loop never reaches the epoch, or DDP would wait for
            gradients of the connectors from then on.
    """
    from mmrazor.engine import StopDistillHook

    for hook in runner.hooks:
        if isinstance(hook, StopDistillHook):
            _refuse_unreachable_stop(runner, hook.stop_epoch)
            _refuse_unused_connectors(runner, hook.stop_epoch, distiller)


def _refuse_unreachable_stop(runner: Runner, stop_epoch: int) -> None:
    if isinstance(runner.train_loop, IterBasedTrainLoop) and stop_epoch > runner.epoch:
        raise ValueError(
            f'StopDistillHook(stop_epoch={stop_epoch}) would never stop the '
            'distillation, because an iteration-based loop is a single epoch. '
            'Remove the hook, or train by epochs '
            '(train_cfg=dict(by_epoch=True, max_epochs=…)).'
        )


def _refuse_unused_connectors(
    runner: Runner, stop_epoch: int, distiller: nn.Module
) -> None:
    waits = getattr(runner.model, 'find_unused_parameters', True) is False
    trained = [name for name, p in distiller.named_parameters() if p.requires_grad]
    if waits and trained and stop_epoch < runner.max_epochs:
        raise ValueError(
            f'After StopDistillHook(stop_epoch={stop_epoch}) the parameters of the '
            f'distiller get no gradients ({trained[0]!r} and {len(trained) - 1} more), '
            'which stops a training in several processes. Set '
            'find_unused_parameters=True in the config.'
        )
