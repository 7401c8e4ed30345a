# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The config of a mentor, parsed and checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from ..options import check_options
from ..tasks import TASKS, Task
from .fast import DTYPES, Speed

if TYPE_CHECKING:
    from .weights import WeightSource

MENTOR_OPTIONS = (
    'cfg_path', 'model', 'input_size', 'data_preprocessor', *Speed._fields,
)  # fmt: skip


@dataclass(frozen=True)
class MentorSpec:
    """The parsed config of a mentor.

    Attributes:
        name (str): Its name in the classroom.
        network (Mapping | nn.Module): Argument of :func:`build_network`: a model
            config, a dict with ``cfg_path``, or the built network.
        source (WeightSource, optional): The source of its weights; None for a built
            network, which already has weights.
        weights (Mapping): The options of the source.
        input_size (tuple[int, int], optional): Height and width of its input, in
            pixels; None means the student's input size.
        data_preprocessor (Mapping): mean, std and to_rgb that override the network's
            own, or that a plain module needs.
        task_options (Mapping): The options of its task.
        speed (Speed): What keeps its cost low.
    """

    name: str
    network: Mapping[str, Any] | nn.Module
    source: WeightSource | None
    weights: Mapping[str, Any]
    input_size: tuple[int, int] | None
    data_preprocessor: Mapping[str, Any]
    task_options: Mapping[str, Any]
    speed: Speed = Speed()

    @property
    def label(self) -> str:
        """str: The network in short: the path of its config, or its type."""
        if isinstance(self.network, nn.Module):
            return f'built {type(self.network).__name__}'
        return str(self.network.get('cfg_path') or self.network['type'])

    @property
    def configured(self) -> str:
        """str: Description of the configured network: its backbone, or the label."""
        model = self.network if isinstance(self.network, Mapping) else {}
        return str(model.get('backbone') or self.label)


def parse_mentor(name: str, cfg: Any, task: Task) -> MentorSpec:
    """Parse and check the config of a mentor.

    Args:
        name (str): The mentor's name.
        cfg (dict | nn.Module): See :func:`~classroomkd_mm.mentors.build_mentors`.
        task (Task): The student's task.

    Returns:
        MentorSpec: The parsed config.

    Raises:
        TypeError: If it is neither a dict nor a module, or has an unknown option.
        ValueError: If an option is invalid.
        ImportError: If it needs timm or transformers, which is not installed.
    """
    # Imported here, since the sources import this module.
    from .weights.libraries import check_wrapper
    from .weights.source import find_source

    if isinstance(cfg, nn.Module):
        return MentorSpec(name, cfg, None, {}, None, {}, {})
    if not isinstance(cfg, Mapping):
        raise TypeError(
            f'Mentor {name!r} must be a dict or a built nn.Module, but got {cfg!r}.'
        )
    _check_names(name, cfg, task)
    if ('cfg_path' in cfg) == ('model' in cfg):
        raise ValueError(
            f'Mentor {name!r} needs either `cfg_path` (a config) or `model` (a model '
            f'config), but has {"both" if "model" in cfg else "neither"}.'
        )
    network = cfg['model'] if 'model' in cfg else {'cfg_path': cfg['cfg_path']}
    preprocessor = cfg.get('data_preprocessor') or {}
    check_wrapper(name, network, preprocessor)
    source = find_source(name, cfg)
    return MentorSpec(
        name=name,
        network=network,
        source=source,
        weights={key: cfg[key] for key in source.options if key in cfg},
        input_size=_input_size(name, cfg.get('input_size')),
        data_preprocessor=preprocessor,
        task_options={key: cfg[key] for key in task.mentor_options if key in cfg},
        speed=_speed(name, cfg),
    )


def _check_names(name: str, cfg: Mapping[str, Any], task: Task) -> None:
    """Reject options that are unknown or belong to another task."""
    from .weights.source import all_sources

    for other in TASKS.module_dict.values():
        foreign = set(other.mentor_options) - set(task.mentor_options)
        for option in foreign.intersection(cfg):
            raise ValueError(
                f'Mentor {name!r}: {option} is an option of the task {other.name()!r}, '
                f"but the student's task is {task.name()!r}, whose options are: "
                f'{", ".join(task.mentor_options) or "none"}.'
            )
    of_sources = (option for source in all_sources() for option in source.options)
    known = {*MENTOR_OPTIONS, *of_sources, *task.mentor_options}
    check_options(f'Mentor {name!r}', cfg, known)


def _input_size(name: str, size: Any) -> tuple[int, int] | None:
    """Parse the option input_size."""
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, Sequence) else (size, size)
    if len(pair) != 2 or not all(isinstance(x, int) and x > 0 for x in pair):
        raise ValueError(
            f'Mentor {name!r}: input_size must be a positive int or (height, width) '
            f'in pixels, but got {size!r}.'
        )
    return pair


def _speed(name: str, cfg: Mapping[str, Any]) -> Speed:
    """Read what keeps the cost of a mentor low."""
    speed = Speed(**{key: cfg[key] for key in Speed._fields if key in cfg})
    for option in ('fast', 'compile'):
        if option in cfg and not isinstance(cfg[option], bool):
            raise TypeError(
                f'Mentor {name!r}: {option} must be True or False, but got '
                f'{cfg[option]!r}.'
            )
    if speed.dtype not in (None, *DTYPES):
        raise ValueError(
            f'Mentor {name!r}: dtype must be one of {", ".join(DTYPES)}, or left out '
            f"for the student's, but got {speed.dtype!r}."
        )
    if speed.offload not in (None, 'cpu'):
        raise ValueError(
            f"Mentor {name!r}: offload must be 'cpu', or left out to keep the weights "
            f'on the device, but got {speed.offload!r}.'
        )
    if speed.offload and speed.compile:
        raise ValueError(
            f'Mentor {name!r}: what is compiled cannot be offloaded. Leave out compile '
            'or offload.'
        )
    if isinstance(speed.every, bool) or not isinstance(speed.every, int):
        raise TypeError(f'Mentor {name!r}: every must be an int, got {speed.every!r}.')
    if speed.every < 1:
        raise ValueError(
            f'Mentor {name!r}: every={speed.every} must be at least 1, with which it '
            'teaches in every iteration.'
        )
    return speed
