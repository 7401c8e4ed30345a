# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Base class of weight sources, and finding the source that a config names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from mmengine.registry import Registry
from torch import nn

if TYPE_CHECKING:
    from ..spec import MentorSpec

WEIGHT_SOURCES = Registry('source of mentor weights')
"""Weight sources by name; register your own source here."""


class WeightSource(ABC):
    """Base class of sources of mentor weights.

    A source is stateless and is selected by an option of the mentor. To add one,
    register a subclass; see docs/extend.md.
    """

    options: ClassVar[tuple[str, ...]] = ()
    """Mentor options of this source; the first one selects it."""

    def claims(self, cfg: Mapping[str, Any]) -> bool:
        """Whether a mentor's config selects this source.

        Args:
            cfg (Mapping): The mentor's config.

        Returns:
            bool: By default, whether the first option is set.
        """
        return cfg.get(self.options[0]) is not None

    def check(self, mentor: str, cfg: Mapping[str, Any]) -> None:  # noqa: B027
        """Reject invalid options, before anything is built.

        Args:
            mentor (str): The mentor's name, for messages.
            cfg (Mapping): Its config, which selects this source.

        Raises:
            ValueError: If an option is invalid.
        """

    @abstractmethod
    def load(self, mentor: MentorSpec, network: nn.Module) -> str:
        """Load the weights into the mentor's network.

        Args:
            mentor (MentorSpec): The mentor; its ``weights`` are the options of this
                source.
            network (nn.Module): Its network, with random weights.

        Returns:
            str: Short description of the origin of the weights, for the manifest in
            checkpoints.

        Raises:
            ValueError: If they cannot be read, or do not match the network.
        """

    def preprocessor(self, model: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Look up the image normalisation of a network that does not specify it.

        Args:
            model (Mapping): The mentor's option ``model``.

        Returns:
            Mapping | None: mean, std (for values from 0 to 255) and to_rgb; None if
            this source does not know the network.
        """
        return None


def all_sources() -> list[WeightSource]:
    """List the registered sources.

    Returns:
        list[WeightSource]: The sources, in the order of registration.
    """
    return [cls() for cls in WEIGHT_SOURCES.module_dict.values()]


def find_source(mentor: str, cfg: Mapping[str, Any]) -> WeightSource:
    """Find the source of a mentor's weights.

    Args:
        mentor (str): The mentor's name, for messages.
        cfg (Mapping): Its config.

    Returns:
        WeightSource: The source; its options are checked.

    Raises:
        ValueError: If the config selects no source or several, or an option is invalid.
    """
    claiming = [source for source in all_sources() if source.claims(cfg)]
    if not claiming:
        raise ValueError(
            f'Mentor {mentor!r} has no weights: add ckpt=<path or URL>, or '
            'pretrained=True for the published weights. To use random weights '
            'deliberately, set ckpt=None.'
        )
    if len(claiming) > 1:
        names = ' and '.join(f'`{source.options[0]}`' for source in claiming)
        raise ValueError(f'Mentor {mentor!r} has {names}: give only one of them.')
    source = claiming[0]
    for other in all_sources():
        for option in set(other.options[1:]) - set(source.options):
            if cfg.get(option) is not None:
                raise ValueError(
                    f'Mentor {mentor!r}: {option} requires `{other.options[0]}`, '
                    f'which is not given. Add {other.options[0]}, or remove {option}.'
                )
    source.check(mentor, cfg)
    return source


def known_preprocessor(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """Look up the image normalisation of a network in all sources.

    Args:
        model (Mapping): The mentor's option ``model``.

    Returns:
        Mapping: mean, std and to_rgb; empty if no source knows the network.
    """
    answers = (source.preprocessor(model) for source in all_sources())
    return next((answer for answer in answers if answer), {})
