# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Telling which type or option a config may have meant, where there is none."""

import difflib
import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.registry import Registry, root

from .options import options_of

# Errors of MMEngine and of Python, which may be a part of another one.
UNKNOWN_TYPE = re.compile(
    r"'?(?P<name>\S+) is not in the (?P<scope>\w+)::(?P<kind>[\w ]+) registry\. "
    r"Please check .*import-the-custom-module'?",
    re.DOTALL,
)
UNKNOWN_OPTION = re.compile(
    r"(?P<cls>\w+)\.__init__\(\) got an unexpected keyword argument '(?P<name>\w+)'$"
)


@contextmanager
def suggesting_names() -> Iterator[None]:
    """Let errors about an unknown type or option name the one that is similar.

    MMEngine and Python only say what they do not know.

    Raises:
        KeyError: If a type is not registered.
        TypeError: If a class does not have an option.
    """
    try:
        yield
    except (KeyError, TypeError) as error:
        text = str(error.args[0]) if error.args else ''
        unknown = UNKNOWN_TYPE.search(text) or UNKNOWN_OPTION.search(text)
        if not unknown:
            raise
        suggest = _similar_type if unknown.re is UNKNOWN_TYPE else _similar_option
        said = suggest(**unknown.groupdict())
        raise type(error)(text[: unknown.start()] + said) from error


def _similar_type(name: str, scope: str, kind: str) -> str:
    """Say that a type is unknown, and which one is similar."""
    known = set()
    for registry in _registries(kind):
        if registry.scope in (scope, root.MODELS.scope):
            known |= set(registry.module_dict)
    if kind == root.TASK_UTILS.name and name.endswith('Recorder'):
        # MMRazor's configs have the names of recorders without this ending.
        name = name.removesuffix('Recorder')
        known = {each.removesuffix('Recorder') for each in known}
    module, _, last = name.rpartition('.')
    known |= set(vars(sys.modules[module])) if module in sys.modules else set()
    said = f'The type {name!r} is not in the registry {scope}::{kind}. '
    close = difflib.get_close_matches(last, sorted(known), n=1)
    if close:
        return f'{said}Did you mean {close[0]!r}?'
    return f'{said}Correct the name, or import its module in custom_imports.'


def _similar_option(cls: str, name: str) -> str:
    """Say that an option is unknown, and which one is similar."""
    said = f'{cls} has no option {name!r}.'
    found = (registry.module_dict.get(cls) for registry in _registries('model'))
    known = sorted(options_of(next(filter(inspect.isclass, found), object)))
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        said += f' Did you mean {close[0]!r}?'
    return f'{said} It has: {", ".join(known)}.' if known else said


def _registries(kind: str) -> Iterator[Registry]:
    """Go through the registries of a kind, in all packages that are imported."""
    for registry in vars(root).values():
        if isinstance(registry, Registry) and registry.name == kind:
            yield registry
            yield from registry.children.values()
