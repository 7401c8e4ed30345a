# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Checking the options of a config before building from it."""

import difflib
import inspect
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.logging import print_log
from mmengine.registry import Registry
from torch import nn


def check_options(owner: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Reject unknown options, and list the known ones.

    Args:
        owner (str): The owner of the options, for the message.
        given (Iterable[str]): Options that the user gave.
        known (Iterable[str]): All known options.

    Raises:
        TypeError: If an option is unknown.
    """
    known = sorted(known)
    for option in given:
        if option not in known:
            close = difflib.get_close_matches(option, known, n=1)
            hint = f' Did you mean {close[0]!r}?' if close else ''
            raise TypeError(
                f'{owner} has no option {option!r}.{hint} It has: {", ".join(known)}.'
            )


def options_of(cls: type) -> set[str]:
    """List the names of all options of a class, including those of its base classes.

    Args:
        cls (type): A class.

    Returns:
        set[str]: Parameters of ``__init__``; if it takes ``**kwargs``, also those of
        the next base class.
    """
    names: set[str] = set()
    for base in inspect.getmro(cls):
        if '__init__' not in vars(base) or base is object:
            continue
        parameters = inspect.signature(base.__init__).parameters.values()
        names |= {
            p.name
            for p in parameters
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return names - {'self'}


RENAMED = {
    'KnowledgeFilter': ('enabled', 'filtering'),
    'Mentoring': ('mode', 'mentoring'),
}
"""Options renamed since version 0.1, by class: (old name, new name)."""


def build_part(
    cfg: Any,
    registry: Registry,
    role: str,
    default: str | None = None,
    kind: type = nn.Module,
) -> nn.Module:
    """Build a component of the classroom from its config.

    Args:
        cfg (dict | nn.Module | None): A config, or the built component. None is an
            empty config.
        registry (Registry): Registry of the type.
        role (str): The role of the component, for the message.
        default (str, optional): The type if the config has none, so that an option
            can be set on the command line without repeating the type.
        kind (type): Base class that the component must inherit from.

    Returns:
        nn.Module: The component.

    Raises:
        TypeError: If ``cfg`` is neither a dict nor a module, has an unknown option, or
            the component does not inherit from ``kind``.
        KeyError: If the type is not registered.
    """
    part = cfg if isinstance(cfg, nn.Module) else _build(cfg, registry, role, default)
    if not isinstance(part, kind):
        raise TypeError(
            f'{role} must inherit from {kind.__module__}.{kind.__name__}, but '
            f'{type(part).__name__} does not.'
        )
    return part


def _build(cfg: Any, registry: Registry, role: str, default: str | None) -> nn.Module:
    """Build a component from its config, after checking its options."""
    cfg = {} if cfg is None else cfg
    if not isinstance(cfg, Mapping):
        raise TypeError(f'{role} must be a dict of options, but got {cfg!r}.')
    cfg = {'type': default, **cfg}
    if cfg['type'] is None:
        raise TypeError(f'{role} needs a `type`, but got {dict(cfg)!r}.')
    cls = registry.get(cfg['type']) if isinstance(cfg['type'], str) else cfg['type']
    if inspect.isclass(cls):
        cfg = _with_new_names(cls, cfg)
        given = (key for key in cfg if key not in ('type', '_scope_'))
        check_options(f'{role} ({cls.__name__})', given, options_of(cls))
    try:
        return registry.build(cfg)
    except KeyError as error:
        if cls is not None:
            raise
        raise KeyError(f'{role}: {error.args[0]}') from error


def _with_new_names(cls: type, cfg: dict[str, Any]) -> dict[str, Any]:
    """Rename an option that has its name of version 0.1."""
    old, new = RENAMED.get(cls.__name__, (None, None))
    if old not in cfg:
        return cfg
    if new in cfg:
        raise TypeError(
            f'{cls.__name__}: `{old}` is the old name of `{new}`. Give only one of '
            'them.'
        )
    print_log(
        f'{cls.__name__}: the option `{old}` has been renamed to `{new}`. The old name '
        'still works, but please change it in your config.',
        logger='current',
        level=logging.WARNING,
    )
    return {new if key == old else key: value for key, value in cfg.items()}
