# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Base class of tasks, and finding the task of a student."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from mmengine.registry import Registry
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from .inputs import InputAdapter, Normalization

TASKS = Registry('classroom task')
"""Tasks by name; register your own task here."""


class Task(ABC):
    """Base class of tasks: what the classroom has to know about a kind of network.

    A task is stateless. It defines which networks it fits, which options its mentors
    have, how a mentor's output and input are converted to the student's form, and the
    defaults of the distiller. To add a task, register a subclass; see docs/extend.md.
    """

    mentor_options: ClassVar[tuple[str, ...]] = ()
    """Mentor options that exist only in this task."""

    unit: ClassVar[str] = 'outputs'
    """What the second dimension of an output counts, such as 'classes'."""

    @classmethod
    def name(cls) -> str:
        """Return the name under which the task is registered.

        Returns:
            str: The name, for ``ClassroomDistill(task=…)``.
        """
        names = (name for name, task in TASKS.module_dict.items() if task is cls)
        return next(names, cls.__name__)

    @abstractmethod
    def fits(self, network: nn.Module) -> bool:
        """Whether a network belongs to this task.

        Args:
            network (nn.Module): A student, or a mentor's network.

        Returns:
            bool: False also if this cannot be determined.
        """

    @abstractmethod
    def distiller(self, student: nn.Module) -> dict[str, Any]:
        """Return the default distiller config for a student.

        Args:
            student (nn.Module): The student.

        Returns:
            dict: Configs of ``scorer``, ``student_recorders`` and
            ``distill_losses``, and ``output`` if several recorders make up the
            student's output.
        """

    def check_output(  # noqa: B027  most tasks have nothing to refuse
        self, student: nn.Module, recorders: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Refuse recorders that do not hold what the task scores and teaches.

        Args:
            student (nn.Module): The student.
            recorders (Mapping[str, Mapping]): The configs of the recorders that make
                up the student's output, by name.

        Raises:
            ValueError: If a sub-class cannot use one.
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
        """Build a module that converts a mentor's output to the student's form.

        Args:
            mentor (str): The mentor's name, for messages.
            network (nn.Module): The mentor's network.
            student (nn.Module): The student.
            input_size (tuple[int, int], optional): Height and width of the mentor's
                input in pixels, if the config sets it.
            options (Mapping): The ``mentor_options`` that the config sets.

        Returns:
            nn.Module | None: A module that maps the network's output to the student's
            form; None if the output already has that form.
        """
        return None

    def options_from_data(
        self,
        mentor: str,
        network: nn.Module,
        student: nn.Module,
        metainfo: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Compare what a mentor was trained on with the student's dataset.

        The dataset is known when training starts, not when the model is built.

        Args:
            mentor (str): The mentor's name, for messages.
            network (nn.Module): The mentor's network;
                :func:`~classroomkd_mm.tasks.names.dataset_meta_of` reads what its
                checkpoint says of its dataset.
            student (nn.Module): The student.
            metainfo (Mapping): What the student's dataset says of itself.
            options (Mapping): Those of ``mentor_options`` that the config sets.

        Returns:
            dict: Options that follow for :meth:`align_output`, which is called again
            with them; empty if there are none.

        Raises:
            ValueError: If the two contradict each other.
        """
        return {}

    def wrong_targets(
        self, student: nn.Module, data_samples: Sequence[BaseDataElement]
    ) -> dict[int, str]:
        """Find samples whose targets no output of the student stands for.

        It is asked for each batch, before the batch is moved to a device.

        Args:
            student (nn.Module): The student.
            data_samples (Sequence[BaseDataElement]): N samples, in host memory.

        Returns:
            dict[int, str]: What is wrong and what to do, by position in the batch, as
            the rest of a sentence that begins with the sample.
        """
        return {}

    def adapt_input(
        self,
        mentor: str,
        student: Normalization | None,
        network: Normalization | None,
        input_size: tuple[int, int] | None,
        aligner: nn.Module | None,
    ) -> InputAdapter:
        """Build a module that converts the student's batch to the mentor's input.

        Args:
            mentor (str): The mentor's name, for messages.
            student (Normalization, optional): Normalisation of the student's images.
            network (Normalization, optional): Normalisation of the mentor's images.
            input_size (tuple[int, int], optional): Height and width of the mentor's
                input in pixels, if the config sets it.
            aligner (nn.Module, optional): Result of :meth:`align_output`.

        Returns:
            InputAdapter: A module that maps the student's batch to the mentor's input.
        """
        return InputAdapter(student, network, input_size)

    def predict(
        self,
        student: nn.Module,
        mentor: Callable[[Tensor, Sequence[BaseDataElement]], Any],
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement],
    ) -> Sequence[BaseDataElement]:
        """Make predictions of a mentor's output, as the student of its own.

        Args:
            student (nn.Module): The student, in eval mode.
            mentor (Callable): Gives its output for a batch in the student's form.
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement]): N samples.

        Returns:
            Sequence[BaseDataElement]: The samples with predictions in them.

        Raises:
            NotImplementedError: If the task does not tell.
        """
        raise NotImplementedError(
            f'The accuracy of mentors cannot be measured: {type(self).__name__} has '
            'no method `predict`. Add one, or remove ClassroomValLoop from val_cfg.'
        )

    def guess(self, student: nn.Module, output: Any) -> Any:
        """Make an output of somebody who knows nothing.

        Args:
            student (nn.Module): The student.
            output (Tensor | tuple[Tensor, ...]): An output in the student's form.

        Returns:
            Tensor | tuple[Tensor, ...]: The same for every sample, in this form. By
            default zeros.
        """
        if isinstance(output, tuple):
            return tuple(part.new_zeros(part.shape) for part in output)
        return output.new_zeros(output.shape)

    def hits(
        self, output: Any, data_samples: Sequence[BaseDataElement]
    ) -> Tensor | None:
        """Tell which answers are right.

        Args:
            output (Any): An output in the student's form.
            data_samples (Sequence[BaseDataElement]): N samples with targets.

        Returns:
            Tensor | None: Float (N,), from 0 to 1; None if the task knows only scores.
        """
        return None

    def agreement(self, one: Any, other: Any) -> Tensor | None:
        """Tell how similar the answers of two members are.

        Args:
            one (Any): An output in the student's form.
            other (Any): An output in the student's form.

        Returns:
            Tensor | None: Float (N,), from 0 to 1; None if the task cannot tell.
        """
        return None

    def check_loss(  # noqa: B027  most tasks have nothing to refuse
        self,
        name: str,
        student: nn.Module,
        output: Any,
        value: Callable[[Any], Tensor],
    ) -> None:
        """Reject a mapped loss that does not suit what the student says.

        Args:
            name (str): Name of the loss, for messages.
            student (nn.Module): The student.
            output (Any): An output of the student, which the loss takes as it is.
            value (Callable): Maps such an output to the loss.

        Raises:
            ValueError: If the loss cannot teach this student. By default, none is
                rejected.
        """

    def with_targets(
        self, dataset: Mapping[str, Any], train: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Make a dataset for validation give the targets that the scorer needs.

        Args:
            dataset (Mapping): Its config.
            train (Mapping): That of the dataset for training.

        Returns:
            Mapping: By default ``dataset``, whose samples have targets already.
        """
        return dataset

    def example_batches(
        self, student: nn.Module
    ) -> Iterable[tuple[Tensor, Sequence[BaseDataElement]]]:
        """Generate batches on which the losses of a classroom can be tried.

        Random numbers may be drawn freely: their generators are put back afterwards.

        Args:
            student (nn.Module): The student.

        Returns:
            Iterable: Batches of images (N, C, H, W), normalised for the student,
            and N samples with targets. Where the size of the images is not known,
            one batch of each that is likely; none if the task cannot tell, and
            nothing is tried then.
        """
        return ()


def find_task(student: nn.Module, task: str | Task | None = None) -> Task:
    """Find the task of a student.

    Args:
        student (nn.Module): The student.
        task (str | Task, optional): The registered name, if the task cannot be
            determined from the student; or the task itself.

    Returns:
        Task: The task.

    Raises:
        ValueError: If the task does not exist, or if none or several fit the student.
    """
    if isinstance(task, Task):
        return task
    known = ', '.join(map(repr, TASKS.module_dict))
    if task is not None:
        if task not in TASKS.module_dict:
            raise ValueError(
                f'task={task!r} is not registered. Registered tasks: {known}. Import '
                'the module of your own task in custom_imports.'
            )
        return TASKS.module_dict[task]()
    fitting = tasks_of(student)
    if len(fitting) == 1:
        return fitting[0]
    found = ' and '.join(each.name() for each in fitting) or 'none of the tasks'
    raise ValueError(
        f'The task of the student ({type(student).__name__}) cannot be determined: '
        f'{found} fit{"s" * (not fitting)} it. Set `task` of ClassroomDistill to one '
        f'of: {known}.'
    )


def tasks_of(network: nn.Module) -> list[Task]:
    """List the tasks that a network fits.

    Args:
        network (nn.Module): Any network.

    Returns:
        list[Task]: The tasks, in the order of registration.
    """
    tasks = (cls() for cls in TASKS.module_dict.values())
    return [task for task in tasks if task.fits(network)]


def distiller_config(
    task: Task, student: nn.Module, cfg: Mapping[str, Any]
) -> dict[str, Any]:
    """Complete the config of a distiller with the defaults of its task.

    A section without a ``type`` is merged into the default one.

    Args:
        task (Task): The student's task.
        student (nn.Module): The student.
        cfg (Mapping): The distiller section of the user's config.

    Returns:
        dict: The complete config.

    Raises:
        ValueError: If the task cannot use what the config records.
    """
    defaults = task.distiller(student)
    if 'student_recorders' in cfg:
        defaults.pop('output', None)
    whole = {**defaults, **cfg}
    recorders = whole['student_recorders']
    output = whole.get('output') or tuple(recorders)[:1]
    task.check_output(student, {k: recorders[k] for k in output if k in recorders})
    whole['scorer'] = _refined(defaults['scorer'], cfg.get('scorer'))
    if cfg.get('distill_losses'):
        loss = next(iter(defaults['distill_losses'].values()))
        whole['distill_losses'] = {
            name: _refined({'type': loss['type']}, given)
            for name, given in cfg['distill_losses'].items()
        }
    return whole


def _refined(default: Mapping[str, Any], given: Any) -> Any:
    """Merge a section without a type into the default one."""
    if given is None:
        return default
    if isinstance(given, Mapping) and 'type' not in given:
        return {**default, **given}
    return given
