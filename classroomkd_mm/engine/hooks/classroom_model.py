# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

if TYPE_CHECKING:
    from ...models.algorithms import ClassroomDistill


def classroom_of(runner: Runner, asker: Any) -> ClassroomDistill:
    """Get the classroom of a runner, without its distributed wrapper.

    Args:
        runner (Runner): The runner.
        asker (Any): The hook or loop that needs it, for the message.

    Returns:
        ClassroomDistill: The classroom.

    Raises:
        TypeError: If the runner's model is not a ClassroomDistill.
    """
    # Imported here, since testing a student uses the runner without MMRazor's models.
    from ...models.algorithms import ClassroomDistill

    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    if not isinstance(model, ClassroomDistill):
        raise TypeError(
            f'{type(asker).__name__} needs a model of type ClassroomDistill, but the '
            f'model is a {type(model).__name__}. Remove {type(asker).__name__} from '
            'the config, or use a ClassroomDistill.'
        )
    return model
