# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Building the mentors that a config names."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from ..networks import build_network
from ..tasks import Task, find_task
from ..tasks.inputs import check_normalization, normalization_of
from ..tasks.task import tasks_of
from .mentor import Mentor
from .mentors import Mentors
from .spec import MentorSpec, parse_mentor
from .weights.source import known_preprocessor


def build_mentors(
    mentors: Mapping[str, Any],
    student: nn.Module,
    task: Task | None = None,
    fast: bool = False,
    recorded: Collection[str] = (),
) -> Mentors:
    """Build the mentors that a config names.

    Args:
        mentors (Mapping[str, Any]): By name, a dict with the network, ``cfg_path``
            or ``model``, and its weights, ``ckpt`` (path, URL, or None to say
            that random weights are meant) or ``pretrained=True`` (those that
            OpenMMLab published for ``cfg_path``); optionally ``ckpt_key`` (where in
            the file the weights are, if it holds several that fit), ``input_size``
            (int or (height, width), pixels), ``data_preprocessor`` (mean, std, to_rgb
            that differ from the network's own, or that a plain ``nn.Module`` needs),
            ``fast``, ``dtype`` and ``compile`` (see :class:`.fast.Speed`),
            and the options of the task: ``class_map`` (for each class of the student
            the number of the mentor's), or ``keypoint_map`` (for each keypoint of the
            student the number of the mentor's, or None). ``model`` may name any class
            or function by its import path; ``torchvision.models.…`` with ``weights``,
            and MMPretrain's TimmClassifier and HuggingFaceClassifier with
            ``pretrained=True``, bring their weights. Or a built ``nn.Module``. A name
            with the value None is left out.
        student (nn.Module): The student, whose batches the mentors will see.
        task (Task, optional): The student's. Defaults to the one that fits.
        fast (bool): Make those mentors faster whose entries do not set ``fast``.
            Defaults to False.
        recorded (Collection[str]): Names of mentors with recorders in them: their
            layers stay as they are.

    Returns:
        Mentors: All of them, frozen.

    Raises:
        TypeError: If a mentor is not described as above.
        ValueError: If there is none, or what the config says of one cannot be.
        FileNotFoundError: If a config or checkpoint does not exist.
        ImportError: If a package is needed, and not installed.
    """
    if not isinstance(mentors, Mapping):
        raise TypeError(
            'mentors must be a dict of name=dict(cfg_path=…, ckpt=…), but got '
            f'{type(mentors).__name__}.'
        )
    chosen = {name: cfg for name, cfg in mentors.items() if cfg is not None}
    if not chosen:
        raise ValueError(
            'The classroom has no mentors: add one to `mentors`, for instance '
            "resnet50=dict(cfg_path='mmpretrain::resnet/resnet50_8xb32_in1k.py', "
            'pretrained=True).'
        )
    task = task or find_task(student)
    # All are read before the first is built: that can take a while.
    specs = [parse_mentor(name, cfg, task) for name, cfg in chosen.items()]
    specs = [_decided(spec, fast, spec.name in recorded) for spec in specs]
    for spec in specs:
        if spec.speed.compile and spec.name in recorded:
            raise ValueError(
                f'Mentor {spec.name!r}: compile=True merges the layers that '
                'mentor_recorders names. Leave one of the two out.'
            )
    return Mentors([build_mentor(spec, student, task) for spec in specs])


def _decided(spec: MentorSpec, fast: bool, recorded: bool) -> MentorSpec:
    """Decide whether a mentor is made faster: its recorded layers have to stay."""
    wanted = fast if spec.speed.fast is None else spec.speed.fast
    return replace(spec, speed=spec.speed._replace(fast=wanted and not recorded))


def build_mentor(spec: MentorSpec, student: nn.Module, task: Task) -> Mentor:
    """Build one mentor, load its weights, and fit it to the student.

    Args:
        spec (MentorSpec): What the config says of it.
        student (nn.Module): The student.
        task (Task): The student's.

    Returns:
        Mentor: The mentor, frozen.

    Raises:
        TypeError: If its model config is wrong.
        ValueError: If it does not fit the student, or its weights do not fit it.
        FileNotFoundError: If its config or checkpoint does not exist.
    """
    network = _build_network(spec)
    _check_task(spec, network, task, student)
    source = spec.label
    if spec.source is not None:
        source = f'{source}, {spec.source.load(spec, network)}'
    aligner = task.align_output(
        spec.name, network, student, spec.input_size, spec.task_options
    )
    ours, theirs = (
        normalization_of(getattr(student, 'data_preprocessor', None)),
        normalization_of(getattr(network, 'data_preprocessor', _preprocessor(spec))),
    )
    check_normalization(spec.name, ours, theirs)
    adapter = task.adapt_input(spec.name, ours, theirs, spec.input_size, aligner)
    mentor = Mentor(spec.name, network, adapter, source, aligner, spec.task_options)
    if any(spec.speed):
        mentor.speed_up(spec.speed)
    return mentor


def _build_network(spec: MentorSpec) -> nn.Module:
    """Build a mentor's network, and say whose it is if that fails."""
    try:
        return build_network(spec.network, spec.data_preprocessor)
    except Exception as error:
        kinds = (FileNotFoundError, ImportError, KeyError, TypeError)
        kind = next((kind for kind in kinds if isinstance(error, kind)), ValueError)
        raise kind(
            f'Mentor {spec.name!r}: its network cannot be built, correct its '
            f'{"cfg_path" if "cfg_path" in spec.network else "model"}. {error}'
        ) from error


def _check_task(
    spec: MentorSpec, network: nn.Module, task: Task, student: nn.Module
) -> None:
    """Refuse a network that is known to be of another task than the student."""
    names = [each.name() for each in tasks_of(network)]
    if names and task.name() not in names:
        raise ValueError(
            f'Mentor {spec.name!r} ({type(network).__name__}) cannot teach the student '
            f'({type(student).__name__}): it is of the task {names[0]!r}, the student '
            f'of the task {task.name()!r}.'
        )


def _preprocessor(spec: MentorSpec) -> Mapping[str, Any] | None:
    """How images are normalised for a network that does not tell itself."""
    model = spec.network if isinstance(spec.network, Mapping) else {}
    return {**known_preprocessor(model), **spec.data_preprocessor} or None
