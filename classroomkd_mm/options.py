# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Options of a config, checked before they are used."""

import difflib
import inspect
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.logging import print_log
from mmengine.registry import Registry
from torch import nn


def check_options(owner: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse options that do not exist, and say which do.

    Args:
        owner (str): What the options belong to, for the message.
        given (Iterable[str]): The options of the user.
        known (Iterable[str]): All that exist.

    Raises:
        TypeError: If an option does not exist.
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
    """Names of all options that a class takes, those of its bases included.

    Args:
        cls (type): A class.

    Returns:
        set[str]: Parameters of ``__init__``; where it takes ``**kwargs``, also
        those of the next class it inherits from.
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
"""Options of 0.1 that have another name now, by the class that has them."""


def build_part(
    cfg: Any,
    registry: Registry,
    role: str,
    default: str | None = None,
    kind: type = nn.Module,
) -> nn.Module:
    """Build a part of the classroom from its config.

    Args:
        cfg (dict | nn.Module | None): A config, or the built part itself. None is
            an empty config.
        registry (Registry): Where the type is registered.
        role (str): What the part is for, for the message.
        default (str, optional): The type where the config has none, so that an
            option can be set from the command line without repeating the type.
        kind (type): The class that the part has to inherit from.

    Returns:
        nn.Module: The part.

    Raises:
        TypeError: If it is neither, has an option that the type does not have, or is
            not of the right kind.
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
    """Build a part from its config, with its options checked."""
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
    return registry.build(cfg)


def _with_new_names(cls: type, cfg: dict[str, Any]) -> dict[str, Any]:
    """Rename an option that a config written for 0.1 may have."""
    old, new = RENAMED.get(cls.__name__, (None, None))
    if old not in cfg:
        return cfg
    if new in cfg:
        raise TypeError(
            f'{cls.__name__}: `{old}` is the old name of `{new}`: give one of them.'
        )
    print_log(
        f'{cls.__name__}: the option `{old}` is called `{new}` now. The old name still '
        'works; change it in your config.',
        logger='current',
        level=logging.WARNING,
    )
    return {new if key == old else key: value for key, value in cfg.items()}
