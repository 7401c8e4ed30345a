# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Building the mentors of a config."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from ..networks import build_network
from ..tasks import Task, find_task
from ..tasks.inputs import check_normalization, normalization_of
from ..tasks.task import tasks_of
from .cache import CachedMentor, CachedMentors, MentorCache
from .cache.identity import mentor_identity
from .mentor import Mentor
from .mentors import Mentors
from .spec import MentorSpec, parse_mentor
from .weights.source import known_preprocessor


def build_mentors(
    mentors: Mapping[str, Any],
    student: nn.Module,
    task: Task | None = None,
    fast: bool = True,
    recorded: Collection[str] = (),
    cache: MentorCache | None = None,
) -> Mentors:
    """Build the mentors of a config.

    The value of a mentor is a dict, a built ``nn.Module``, or None to omit the mentor.
    A dict has the following keys:

    - The network: ``cfg_path`` or ``model``. ``model`` may name any class or function
      by its import path.
    - Its weights: ``ckpt`` (path, URL, or None for random weights) or
      ``pretrained=True`` (weights that OpenMMLab published for ``cfg_path``). Models
      ``torchvision.models.…`` with ``weights``, and MMPretrain's TimmClassifier and
      HuggingFaceClassifier with ``pretrained=True``, load their own weights.
    - ``ckpt_key``, optional: the key of the weights in the file, if several match.
    - ``input_size``, optional: int or (height, width), in pixels.
    - ``data_preprocessor``, optional: mean, std and to_rgb, if they differ from the
      network's own or if the network is a plain ``nn.Module``.
    - Options of the task, such as ``class_map`` (for each class of the student the
      index of the mentor's class) or ``keypoint_map`` (for each keypoint of the student
      the index of the mentor's keypoint, or None).

    Args:
        mentors (Mapping[str, Any]): By name, a dict with the network, ``cfg_path``
            or ``model``, and its weights, ``ckpt`` (path, URL, or None to say
            that random weights are meant) or ``pretrained=True`` (those that
            OpenMMLab published for ``cfg_path``); optionally ``ckpt_key`` (where in
            the file the weights are, if it holds several that fit), ``input_size``
            (int or (height, width), pixels), ``data_preprocessor`` (mean, std, to_rgb
            that differ from the network's own, or that a plain ``nn.Module`` needs),
            ``fast``, ``dtype``, ``compile``, ``offload`` and ``every`` (see
            :class:`.fast.Speed`),
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
            Defaults to True.
        recorded (Collection[str]): Names of mentors with recorders in them: their
            layers stay as they are.
        cache (MentorCache, optional): Where their outputs are kept. A mentor whose
            outputs are all there is not built.

    Returns:
        Mentors: All mentors, frozen.

    Raises:
        TypeError: If a mentor is not described as above.
        ValueError: If there is no mentor, or the config of one is invalid.
        FileNotFoundError: If a config or checkpoint does not exist.
        ImportError: If a required package is not installed.
    """
    if not isinstance(mentors, Mapping):
        raise TypeError(
            'mentors must be a dict of name=dict(cfg_path=…, ckpt=…), but got '
            f'{type(mentors).__name__}.'
        )
    chosen = {name: cfg for name, cfg in mentors.items() if cfg is not None}
    if not chosen:
        raise ValueError(
            'The classroom has no mentors: add one to `mentors`, for example '
            "resnet50=dict(cfg_path='mmpretrain::resnet/resnet50_8xb32_in1k.py', "
            'pretrained=True).'
        )
    task = task or find_task(student)
    # Parse all before building the first, since building can take a while.
    specs = [parse_mentor(name, cfg, task) for name, cfg in chosen.items()]
    specs = [_decided(spec, fast, spec.name in recorded) for spec in specs]
    for spec in specs:
        if spec.name in recorded:
            _check_recordable(spec)
    if cache is None:
        return Mentors([build_mentor(spec, student, task) for spec in specs])
    return CachedMentors([_build_cached(spec, student, task, cache) for spec in specs])


def _decided(spec: MentorSpec, fast: bool, recorded: bool) -> MentorSpec:
    """Decide whether a mentor is made faster: its recorded layers have to stay."""
    wanted = fast if spec.speed.fast is None else spec.speed.fast
    return replace(spec, speed=spec.speed._replace(fast=wanted and not recorded))


def _check_recordable(spec: MentorSpec) -> None:
    """Reject options with which the recorded layers are not those that run."""
    if spec.speed.compile:
        raise ValueError(
            f'Mentor {spec.name!r}: compile=True merges the layers that '
            'mentor_recorders names. Leave one of the two out.'
        )
    if spec.speed.dtype:
        raise ValueError(
            f'Mentor {spec.name!r}: with dtype={spec.speed.dtype!r}, a converted copy '
            'of the network runs, of which mentor_recorders would record nothing. '
            'Leave one of the two out.'
        )


def _build_cached(
    spec: MentorSpec, student: nn.Module, task: Task, cache: MentorCache
) -> CachedMentor:
    """Build a mentor, unless all that it would ever say is on disk."""
    identity = mentor_identity(spec, student, task, cache.known_files)
    store = cache.find(identity)
    needed = store is None or not store.complete
    mentor = build_mentor(spec, student, task) if needed else None
    return CachedMentor(cache, identity, store, mentor, spec.speed.every)


def build_mentor(spec: MentorSpec, student: nn.Module, task: Task) -> Mentor:
    """Build one mentor, load its weights, and adapt it to the student.

    Args:
        spec (MentorSpec): The parsed config of the mentor.
        student (nn.Module): The student.
        task (Task): The student's task.

    Returns:
        Mentor: The mentor, frozen.

    Raises:
        TypeError: If its model config is invalid.
        ValueError: If it does not match the student, or its weights do not match it.
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
    mentor.speed_up(spec.speed)
    return mentor


def _build_network(spec: MentorSpec) -> nn.Module:
    """Build a mentor's network; an error names the mentor."""
    try:
        return build_network(spec.network, spec.data_preprocessor)
    except Exception as error:
        kinds = (FileNotFoundError, ImportError, KeyError, TypeError)
        kind = next((kind for kind in kinds if isinstance(error, kind)), ValueError)
        raise kind(
            f'Mentor {spec.name!r}: its network cannot be built. Correct its '
            f'{"cfg_path" if "cfg_path" in spec.network else "model"}: {error}'
        ) from error


def _check_task(
    spec: MentorSpec, network: nn.Module, task: Task, student: nn.Module
) -> None:
    """Reject a network of another task than the student's."""
    names = [each.name() for each in tasks_of(network)]
    if names and task.name() not in names:
        raise ValueError(
            f'Mentor {spec.name!r} ({type(network).__name__}) cannot teach the student '
            f'({type(student).__name__}): the mentor is for the task {names[0]!r}, '
            f'the student for the task {task.name()!r}.'
        )


def _preprocessor(spec: MentorSpec) -> Mapping[str, Any] | None:
    """Get the normalisation of a network that has no data preprocessor."""
    model = spec.network if isinstance(spec.network, Mapping) else {}
    return {**known_preprocessor(model), **spec.data_preprocessor} or None
