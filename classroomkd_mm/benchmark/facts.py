# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Filling in what a method needs to know of the suite that it is in."""

import copy
import re
from collections.abc import Mapping
from typing import Any

WHOLE = re.compile(r'\{([\w.-]+)\}')
"""A string that stands for a fact as a whole, which may be of any type."""


class MissingFactError(LookupError):
    """A suite does not say something that a method needs."""


def fill(value: Any, facts: Mapping[str, Any]) -> Any:
    """Replace ``'{name}'`` by facts, in all strings and names of a config.

    A string that is nothing but ``'{name}'`` becomes the fact itself, of whatever type.
    A dot leads into a dict: ``'{features.student.channels}'``.

    Args:
        value (Any): A part of a config.
        facts (Mapping[str, Any]): Facts by name.

    Returns:
        Any: A copy with the facts in their places.

    Raises:
        MissingFactError: If there is no such fact.
    """
    if isinstance(value, Mapping):
        return {fill(key, facts): fill(part, facts) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(fill(part, facts) for part in value)
    if not isinstance(value, str):
        return value
    whole = WHOLE.fullmatch(value)
    if whole:
        return copy.deepcopy(_fact(whole[1], facts))
    return WHOLE.sub(lambda match: str(_fact(match[1], facts)), value)


def _fact(name: str, facts: Mapping[str, Any]) -> Any:
    """Look up a fact by its dotted name."""
    found: Any = facts
    for part in name.split('.'):
        if not isinstance(found, Mapping) or part not in found:
            raise MissingFactError(name)
        found = found[part]
    return found
