# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Filling in what a method needs to know of the suite that it is in."""

import copy
import operator
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

NAME = re.compile(r'\{([\w.-]+)\}')
"""A fact in a text."""

WHOLE = re.compile(NAME.pattern + r'(?: (\*|//) (\d+))?')
"""A string that stands for a fact as a whole, of any type, or for one times or divided
by an integer."""

OPERATORS = {'*': operator.mul, '//': operator.floordiv}


BY_STAGE = ('stages', 'work_dirs')
"""Facts of the trainings before, by name."""

OPTIONAL = dict(
    features='benchmark.features',
    num_samples='benchmark.num_samples',
    assistant='benchmark.assistant',
    num_classes='model.head.num_classes',
)
"""Facts that not every suite has, and where they are in its config. A method that needs
a missing one is left out."""


class MissingFactError(LookupError):
    """A suite does not say something that a method needs."""


def fill(value: Any, facts: Mapping[str, Any]) -> Any:
    """Replace ``'{name}'`` by facts, in all strings and names of a config.

    A string that is nothing but ``'{name}'`` becomes the fact itself, of whatever type.
    A dot leads into a dict: ``'{features.student.channels}'``. One integer may follow a
    fact that is a number: ``'{share} * 50'``, ``'{features.mentor.channels} // 2'``.
    An entry with ``{each.name}`` in its name is repeated for each mentor of the suite;
    within it, ``each`` has what ``features.mentors`` says of the mentor.

    Args:
        value (Any): A part of a config.
        facts (Mapping[str, Any]): Facts by name.

    Returns:
        Any: A copy with the facts in their places.

    Raises:
        MissingFactError: If the suite does not have the fact.
        ValueError: If no suite can have it.
    """
    if isinstance(value, Mapping):
        return {
            fill(key, local): fill(part, local)
            for key, part in value.items()
            for local in _repeated(key, facts)
        }
    if isinstance(value, list | tuple):
        return type(value)(fill(part, facts) for part in value)
    if not isinstance(value, str):
        return value
    whole = WHOLE.fullmatch(value)
    if whole:
        fact, sign, number = copy.deepcopy(_fact(whole[1], facts)), whole[2], whole[3]
        return OPERATORS[sign](fact, int(number)) if sign else fact
    return NAME.sub(lambda match: str(_fact(match[1], facts)), value)


def _repeated(key: Any, facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the facts with which an entry is filled: of all mentors, or once."""
    if not isinstance(key, str) or '{each.name}' not in key:
        return [facts]
    return [
        dict(facts, each=dict(_fact(f'features.mentors.{name}', facts), name=name))
        for name in facts['mentor_names']
    ]


def _fact(name: str, facts: Mapping[str, Any]) -> Any:
    """Look up a fact by its dotted name."""
    found: Any = facts
    for part in name.split('.'):
        if not isinstance(found, Mapping) or part not in found:
            raise _error(name, facts)
        found = found[part]
    return found


def _error(name: str, facts: Mapping[str, Any]) -> Exception:
    """Tell a fact that the suite does not have from one that there cannot be."""
    first, *rest = name.split('.')
    if first in OPTIONAL:
        return MissingFactError('.'.join([OPTIONAL[first], *rest]))
    known = sorted({*facts, *OPTIONAL}.difference(BY_STAGE))
    known += [
        f'{group}.{stage}' for group in BY_STAGE for stage in facts.get(group, ())
    ]
    close = get_close_matches(name, known, n=1)
    hint = f' Did you mean {close[0]!r}?' if close else ''
    return ValueError(
        f"'{{{name}}}' is no fact of a suite.{hint} There are: {', '.join(known)}."
    )
