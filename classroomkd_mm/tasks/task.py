# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What a task is to the classroom, and finding the one that fits a student."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from mmengine.registry import Registry
from torch import nn

from .inputs import InputAdapter, Normalization

TASKS = Registry('classroom task')
"""The tasks by name; a task of your own registers here."""


class Task(ABC):
    """What the classroom has to know of a kind of network.

    A task is stateless. It says which networks it fits, which options its mentors
    have, how a mentor's output and input are brought into the student's form, and
    what a distiller needs where the config leaves it out. To add one, register a
    sub-class: docs/extend.md.
    """

    mentor_options: ClassVar[tuple[str, ...]] = ()
    """Options of a mentor that exist in this task only."""

    @classmethod
    def name(cls) -> str:
        """Tell under which name the task is registered.

        Returns:
            str: What ``ClassroomDistill(task=…)`` takes.
        """
        names = (name for name, task in TASKS.module_dict.items() if task is cls)
        return next(names, cls.__name__)

    @abstractmethod
    def fits(self, network: nn.Module) -> bool:
        """Tell whether a network is one of this task's.

        Args:
            network (nn.Module): A student, or a mentor's network.

        Returns:
            bool: False also where it cannot be told.
        """

    @abstractmethod
    def distiller(self, student: nn.Module) -> dict[str, Any]:
        """Say what a distiller needs for a student.

        Args:
            student (nn.Module): The student.

        Returns:
            dict: Configs of ``scorer``, ``student_recorders`` and
            ``distill_losses``, and ``output`` if several recorders make up the
            student's output.
        """

    def output_form(self, student: nn.Module) -> Any:
        """Describe the form that :meth:`align_output` brings outputs into.

        Outputs that are kept on disk are used for students of the same form only.

        Args:
            student (nn.Module): The student.

        Returns:
            Any: Plain values; None if a student's form follows from its mentors.
        """
        return None

    def align_output(
        self,
        mentor: str,
        network: nn.Module,
        student: nn.Module,
        input_size: tuple[int, int] | None,
        options: Mapping[str, Any],
    ) -> nn.Module | None:
        """Prepare to bring a mentor's output into the student's form.

        Args:
            mentor (str): The mentor's name, for messages.
            network (nn.Module): The mentor's network.
            student (nn.Module): The student.
            input_size (tuple[int, int], optional): Height and width of the mentor's
                input in pixels, if the config says so.
            options (Mapping): Those of ``mentor_options`` that the config sets.

        Returns:
            nn.Module | None: From the output of the network to the student's form;
            None if it has that form.
        """
        return None

    def adapt_input(
        self,
        mentor: str,
        student: Normalization | None,
        network: Normalization | None,
        input_size: tuple[int, int] | None,
        aligner: nn.Module | None,
    ) -> InputAdapter:
        """Prepare to make a mentor's input from the student's batch.

        Args:
            mentor (str): The mentor's name, for messages.
            student (Normalization, optional): How the student's images are
                normalised.
            network (Normalization, optional): How the mentor's have to be.
            input_size (tuple[int, int], optional): Height and width of the mentor's
                input in pixels, if the config says so.
            aligner (nn.Module, optional): What :meth:`align_output` returned.

        Returns:
            InputAdapter: From the student's batch to the mentor's.
        """
        return InputAdapter(student, network, input_size)


def find_task(student: nn.Module, task: str | Task | None = None) -> Task:
    """Find the task of a student.

    Args:
        student (nn.Module): The student.
        task (str | Task, optional): The registered name, where it cannot be told
            from the student; or the task itself.

    Returns:
        Task: The task.

    Raises:
        ValueError: If there is no such task, or none or several fit the student.
    """
    if isinstance(task, Task):
        return task
    known = ', '.join(map(repr, TASKS.module_dict))
    if task is not None:
        if task not in TASKS.module_dict:
            raise ValueError(
                f'task={task!r} is not registered. There are: {known}. Import the '
                'module of your own task in custom_imports.'
            )
        return TASKS.module_dict[task]()
    fitting = tasks_of(student)
    if len(fitting) == 1:
        return fitting[0]
    found = ' and '.join(each.name() for each in fitting) or 'none of the tasks'
    raise ValueError(
        f'The task of the student ({type(student).__name__}) cannot be told: {found} '
        f'fit{"s" * (not fitting)} it. Set `task` of ClassroomDistill to one of: '
        f'{known}.'
    )


def tasks_of(network: nn.Module) -> list[Task]:
    """List the tasks that a network fits.

    Args:
        network (nn.Module): Any network.

    Returns:
        list[Task]: In the order of their registration.
    """
    tasks = (cls() for cls in TASKS.module_dict.values())
    return [task for task in tasks if task.fits(network)]


def distiller_config(
    task: Task, student: nn.Module, cfg: Mapping[str, Any]
) -> dict[str, Any]:
    """Complete the config of a distiller by what its task says.

    A part without a ``type`` refines the task's own.

    Args:
        task (Task): The student's task.
        student (nn.Module): The student.
        cfg (Mapping): What the user's config says.

    Returns:
        dict: The whole config.
    """
    defaults = task.distiller(student)
    if 'student_recorders' in cfg:
        defaults.pop('output', None)
    whole = {**defaults, **cfg}
    whole['scorer'] = _refined(defaults['scorer'], cfg.get('scorer'))
    if cfg.get('distill_losses'):
        loss = next(iter(defaults['distill_losses'].values()))
        whole['distill_losses'] = {
            name: _refined({'type': loss['type']}, given)
            for name, given in cfg['distill_losses'].items()
        }
    return whole


def _refined(default: Mapping[str, Any], given: Any) -> Any:
    """Merge a part that names no type into the default one."""
    if given is None:
        return default
    if isinstance(given, Mapping) and 'type' not in given:
        return {**default, **given}
    return given
