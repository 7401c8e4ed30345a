# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Options of a config, checked before they are used."""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

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


def build_part(cfg: Any, registry: Registry, role: str, default: str) -> nn.Module:
    """Build a part of the classroom from its config.

    Args:
        cfg (dict | nn.Module | None): A config, or the built part itself. None is
            an empty config.
        registry (Registry): Where the type is registered.
        role (str): What the part is for, for the message.
        default (str): The type where the config has none, so that an option can be
            set from the command line without repeating the type.

    Returns:
        nn.Module: The part.

    Raises:
        TypeError: If it is neither, or has an option that the type does not have.
        KeyError: If the type is not registered.
    """
    if isinstance(cfg, nn.Module):
        return cfg
    cfg = {} if cfg is None else cfg
    if not isinstance(cfg, Mapping):
        raise TypeError(f'{role} must be a dict of options, but got {cfg!r}.')
    cfg = {'type': default, **cfg}
    cls = registry.get(cfg['type']) if isinstance(cfg['type'], str) else cfg['type']
    if inspect.isclass(cls):
        given = (key for key in cfg if key not in ('type', '_scope_'))
        check_options(f'{role} ({cls.__name__})', given, options_of(cls))
    return registry.build(cfg)
