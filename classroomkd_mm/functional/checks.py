# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Option checks that several parts of the method share."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any


def check_choice(name: str, value: Any, choices: Sequence[Any]) -> None:
    """Reject a value that is not one of the choices.

    Args:
        name (str): Name of the option, for the message.
        value (Any): The value that the user gave.
        choices (Sequence): The valid values.

    Raises:
        ValueError: If ``value`` is not among ``choices``.
    """
    if value not in choices:
        options = ', '.join(repr(choice) for choice in choices)
        raise ValueError(f'{name}={value!r} is unknown: choose one of {options}.')


def check_number(name: str, value: Any, *, above: float | None = None) -> None:
    """Reject a value that is not a finite, non-negative number above a bound.

    Args:
        name (str): Name of the option, for the message.
        value (Any): The value that the user gave.
        above (float, optional): Lower bound that the value must exceed. By default
            zero is allowed.

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
    """Reject a value that is not a number of decimals.

    Args:
        name (str): Name of the option, for the message.
        value (Any): The value that the user gave.

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
