# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Checkpoints of a classroom carry the student's own names.

Inside the algorithm the student is ``architecture``, as in MMRazor. These two
hooks take that prefix off when a state dict is made and put it back when one is
loaded, so that the file is a checkpoint of the student.
"""

from typing import Any

from torch import nn

STUDENT = 'architecture.'


def drop_student_prefix(
    module: nn.Module, state_dict: dict[str, Any], prefix: str, metadata: dict
) -> None:
    """Rename ``architecture.x`` to ``x``, in place; PyTorch's state dict hook.

    Args:
        module (nn.Module): The algorithm.
        state_dict (dict[str, Any]): What was collected.
        prefix (str): The algorithm's own prefix.
        metadata (dict): Unused.
    """
    for names in (state_dict, getattr(state_dict, '_metadata', {})):
        for key in list(names):
            value = names.pop(key)
            names[
                key.replace(prefix + STUDENT, prefix, 1)
                if key.startswith(prefix + STUDENT)
                else key
            ] = value


def add_student_prefix(state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
    """Rename ``x`` to ``architecture.x``, in place; PyTorch's hook before loading.

    Names that begin with ``architecture.`` or ``distiller.`` stay.

    Args:
        state_dict (dict[str, Any]): What is to be loaded.
        prefix (str): The algorithm's own prefix.
    """
    for key in list(state_dict):
        name = key.removeprefix(prefix)
        if key.startswith(prefix) and not name.startswith((STUDENT, 'distiller.')):
            state_dict[f'{prefix}{STUDENT}{name}'] = state_dict.pop(key)
