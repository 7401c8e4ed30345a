# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

ERROR, WARNING, NOTE = 'error', 'warning', 'note'


class Finding(NamedTuple):
    """Something that a user should know.

    Attributes:
        level (str): 'error', 'warning', or 'note', which is nothing wrong.
        about (str): What it is about, such as "mentor 'resnet50'".
        text (str): What was found, and the remedy.
    """

    level: str
    about: str
    text: str


class Findings(list[Finding]):
    """What was found so far."""

    def add(self, level: str, about: str, text: str) -> None:
        """Add a finding.

        Args:
            level (str): 'error', 'warning' or 'note'.
            about (str): What it is about.
            text (str): What was found.
        """
        self.append(Finding(level, about, text))

    @contextmanager
    def catch(self, about: str) -> Iterator[None]:
        """Turn an exception into an error.

        Args:
            about (str): What is being tried.

        Yields:
            None: Nothing.
        """
        try:
            yield
        except Exception as error:  # whatever is wrong is to be found
            text = str(error).strip() or 'no message'
            self.add(ERROR, about, f'{type(error).__name__}: {text}')

    @property
    def all_is_well(self) -> bool:
        """bool: Whether there are notes at most."""
        return all(finding.level == NOTE for finding in self)
