# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Parsing `--cfg-options` like MMEngine's DictAction, but with support for paths.

DictAction removes all spaces from a value and splits it at every comma.
"""

import os
import re
from argparse import Action, ArgumentError, ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

OPENING, CLOSING = ('(', '['), (')', ']')
# A whole quoted element, or a single character.
TOKEN = re.compile(
    r"""(?:^|(?<=[,(\[]))\s*(?P<quote>['"]).*?(?P=quote)(?=\s*(?:[,)\]]|$))|.""",
    re.DOTALL,
)


class CfgOptions(Action):
    """Collect KEY=VALUE arguments in a dict."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> None:
        """Add the arguments of one `--cfg-options` to those of earlier ones.

        Args:
            parser (ArgumentParser): The parser.
            namespace (Namespace): The arguments parsed so far.
            values (Sequence[str]): The arguments.
            option_string (str, optional): The option as written by the user.

        Raises:
            ArgumentError: If one is not KEY=VALUE, or its brackets do not match.
        """
        options = dict(getattr(namespace, self.dest) or {})
        for index, argument in enumerate(values):
            key, equals, value = argument.partition('=')
            if not equals:
                whole = ' '.join(values[max(index - 1, 0) : index + 1])
                raise ArgumentError(
                    self,
                    f'{argument!r} is not KEY=VALUE. Put an option with spaces in '
                    f"quotes: '{whole}'.",
                )
            try:
                options[key] = parse_value(value)
            except ValueError as error:
                raise ArgumentError(self, f'{argument!r}: {error}') from error
        setattr(namespace, self.dest, options)


def parse_value(text: str) -> Any:
    """Parse the value of an option.

    Args:
        text (str): The path of an existing file or folder, or a quoted string, neither
            of which is split; a list ``a,b`` or ``[a,b]``, or a tuple ``(a,b)``, of
            values; a number, ``True``, ``False`` or ``None``; or any other string.

    Returns:
        Any: The value.

    Raises:
        ValueError: If the brackets do not match.
    """
    is_text = isinstance(_parse_scalar(text), str)
    if is_text and os.path.exists(os.path.expanduser(text)):
        return text
    return _parse(text)


def _parse(text: str) -> Any:
    """Parse a value, or an element of a value."""
    text = text.strip()
    quoted = TOKEN.match(text)
    if quoted and quoted['quote'] and quoted.end() == len(text):
        text = text[1:-1]
        # MMEngine's help writes a list as `key="[a,b]"`.
        return parse_value(text) if _has_brackets(text) else text
    parts = _split(text)
    if len(parts) > 1:
        return _parse_all(parts)
    if _has_brackets(text):
        elements = _parse_all(_split(text[1:-1]))
        return tuple(elements) if text[0] == '(' else elements
    return _parse_scalar(text)


def _parse_all(parts: list[str]) -> list[Any]:
    """Parse the elements of a list, which may end with a comma."""
    return [_parse(part) for part in (parts if parts[-1].strip() else parts[:-1])]


def _parse_scalar(text: str) -> Any:
    """Parse a number, a constant or a string."""
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    if text.lower() in ('true', 'false'):
        return text.lower() == 'true'
    return None if text == 'None' else text


def _has_brackets(text: str) -> bool:
    """Whether a text begins and ends with brackets."""
    return text[:1] + text[-1:] in ('()', '[]')


def _split(text: str) -> list[str]:
    """Split at commas outside brackets and quotes."""
    parts, depth = [''], 0
    for token in TOKEN.finditer(text):
        depth += (token[0] in OPENING) - (token[0] in CLOSING)
        if token[0] == ',' and depth == 0:
            parts.append('')
        else:
            parts[-1] += token[0]
    if depth != 0 and ',' in text:
        raise ValueError('its brackets do not match. Put a string in quotes')
    return parts
