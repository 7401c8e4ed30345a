# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

if TYPE_CHECKING:
    from ...models.algorithms import ClassroomDistill


def classroom_of(runner: Runner, asker: Any) -> ClassroomDistill:
    """Take the classroom out of a runner, and out of its distributed wrapper.

    Args:
        runner (Runner): The runner.
        asker (Any): The hook or loop that asks, for the message.

    Returns:
        ClassroomDistill: The classroom.

    Raises:
        TypeError: If the runner's model is not a ClassroomDistill.
    """
    # Here, since testing a student takes the runner without MMRazor's models.
    from ...models.algorithms import ClassroomDistill

    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    if not isinstance(model, ClassroomDistill):
        raise TypeError(
            f'{type(asker).__name__} needs a model of the type ClassroomDistill, but '
            f'the model is a {type(model).__name__}. Remove the one or the other.'
        )
    return model
