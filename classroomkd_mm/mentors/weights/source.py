# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What a source of mentor weights is, and finding the one that a config names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from mmengine.registry import Registry
from torch import nn

if TYPE_CHECKING:
    from ..spec import MentorSpec

WEIGHT_SOURCES = Registry('source of mentor weights')
"""The sources by name; a source of your own registers here."""


class WeightSource(ABC):
    """Where a mentor's weights come from.

    A source is stateless, and named by an option of the mentor. To add one, register
    a sub-class: docs/extend.md.
    """

    options: ClassVar[tuple[str, ...]] = ()
    """Its options of a mentor; the first one names the source."""

    def claims(self, cfg: Mapping[str, Any]) -> bool:
        """Tell whether a mentor's weights are from here.

        Args:
            cfg (Mapping): The mentor's config.

        Returns:
            bool: By default whether the first option is set.
        """
        return cfg.get(self.options[0]) is not None

    def check(self, mentor: str, cfg: Mapping[str, Any]) -> None:  # noqa: B027
        """Refuse options that cannot be, before anything is built.

        Args:
            mentor (str): The mentor's name, for messages.
            cfg (Mapping): Its config, which names this source.

        Raises:
            ValueError: If an option cannot be.
        """

    @abstractmethod
    def load(self, mentor: MentorSpec, network: nn.Module) -> str:
        """Load the weights into the mentor's network.

        Args:
            mentor (MentorSpec): The mentor; its ``weights`` holds the options of
                this source.
            network (nn.Module): Its network, with random weights.

        Returns:
            str: Where the weights are from, in short; for the manifest in
            checkpoints.

        Raises:
            ValueError: If they cannot be read, or do not fit.
        """

    def preprocessor(self, model: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Tell how images are normalised for a network that does not tell itself.

        Args:
            model (Mapping): The mentor's option ``model``.

        Returns:
            Mapping | None: mean, std (of values from 0 to 255) and to_rgb; None if
            this source does not know the network.
        """
        return None


def all_sources() -> list[WeightSource]:
    """List the registered sources.

    Returns:
        list[WeightSource]: In the order of their registration.
    """
    return [cls() for cls in WEIGHT_SOURCES.module_dict.values()]


def find_source(mentor: str, cfg: Mapping[str, Any]) -> WeightSource:
    """Find where a mentor's weights come from.

    Args:
        mentor (str): The mentor's name, for messages.
        cfg (Mapping): Its config.

    Returns:
        WeightSource: The source, its options checked.

    Raises:
        ValueError: If the config names none or several, or an option cannot be.
    """
    claiming = [source for source in all_sources() if source.claims(cfg)]
    if not claiming:
        raise ValueError(
            f'Mentor {mentor!r} has no weights: add ckpt=<path or URL>, or '
            'pretrained=True for the published ones. To use random weights on '
            'purpose, say ckpt=None.'
        )
    if len(claiming) > 1:
        names = ' and '.join(f'`{source.options[0]}`' for source in claiming)
        raise ValueError(f'Mentor {mentor!r} has {names}: give one of them.')
    source = claiming[0]
    for other in all_sources():
        for option in set(other.options[1:]) - set(source.options):
            if cfg.get(option) is not None:
                raise ValueError(
                    f'Mentor {mentor!r}: {option} belongs to `{other.options[0]}`, '
                    f'which is not given. Add {other.options[0]}, or leave it out.'
                )
    source.check(mentor, cfg)
    return source


def known_preprocessor(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask all sources how images are normalised for a network.

    Args:
        model (Mapping): The mentor's option ``model``.

    Returns:
        Mapping: mean, std and to_rgb; empty if no source knows the network.
    """
    answers = (source.preprocessor(model) for source in all_sources())
    return next((answer for answer in answers if answer), {})
