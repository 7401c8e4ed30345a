# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Checks of options that several parts of the method share."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any


def check_choice(name: str, value: Any, choices: Sequence[Any]) -> None:
    """Refuse a value that is not one of the choices.

    Args:
        name (str): Name of the option, for the message.
        value (Any): What the user gave.
        choices (Sequence): What exists.

    Raises:
        ValueError: If ``value`` is not among ``choices``.
    """
    if value not in choices:
        options = ', '.join(repr(choice) for choice in choices)
        raise ValueError(f'{name}={value!r} is unknown: choose one of {options}.')


def check_number(name: str, value: Any, *, above: float | None = None) -> None:
    """Refuse what is not a finite number, is negative, or is not above a bound.

    Args:
        name (str): Name of the option, for the message.
        value (Any): What the user gave.
        above (float, optional): A bound that the value must exceed. By default
            zero itself is allowed.

    Raises:
        TypeError: If ``value`` is not a real number.
        ValueError: If it is NaN, infinite, negative, or not above ``above``.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f'{name} must be a number, but got {value!r}.')
    if above is not None and not value > above:
        raise ValueError(f'{name}={value!r} must be greater than {above:g}.')
    if not 0 <= value < math.inf:
        raise ValueError(f'{name}={value!r} must not be negative, infinite or NaN.')


def check_decimals(name: str, value: Any) -> None:
    """Refuse what is not a number of decimals.

    Args:
        name (str): Name of the option, for the message.
        value (Any): What the user gave.

    Raises:
        TypeError: If ``value`` is neither an int nor None.
        ValueError: If it is negative.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f'{name} must be an int or None, but got {value!r}.')
    if value < 0:
        raise ValueError(f'{name}={value!r} must not be negative.')
