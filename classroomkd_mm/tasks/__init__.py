# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Tasks: everything specific to a kind of network, one folder per task."""

from .classification import ClassificationTask
from .pose import PoseTask
from .task import TASKS, Task, distiller_config, find_task

__all__ = [
    'TASKS',
    'ClassificationTask',
    'PoseTask',
    'Task',
    'distiller_config',
    'find_task',
]
