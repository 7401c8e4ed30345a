# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping
from typing import Any

from torch import nn

from ...hub import check_published, get_config
from ..spec import MentorSpec
from .checkpoint import load_checkpoint
from .hashes import check_sha256
from .source import WEIGHT_SOURCES, WeightSource


@WEIGHT_SOURCES.register_module(name='published')
class PublishedSource(WeightSource):
    """Weights that OpenMMLab published for a config: ``pretrained=True``."""

    options = ('pretrained', 'ckpt_key', 'sha256')

    def claims(self, cfg: Mapping[str, Any]) -> bool:
        """Whether the config requests the published weights.

        Args:
            cfg (Mapping): The mentor's config.

        Returns:
            bool: Whether ``pretrained`` is true.
        """
        return bool(cfg.get('pretrained'))

    def check(self, mentor: str, cfg: Mapping[str, Any]) -> None:
        """Reject a network without published weights, and a bad hash.

        Args:
            mentor (str): The mentor's name.
            cfg (Mapping): Its config.

        Raises:
            ValueError: If ``cfg_path`` is not a ``package::path``, or ``sha256`` is no
                hash.
        """
        try:
            check_published(str(cfg.get('cfg_path', 'model')), '`ckpt`')
        except ValueError as error:
            raise ValueError(f'Mentor {mentor!r}: {error}') from error
        check_sha256(mentor, cfg.get('sha256'))

    def load(self, mentor: MentorSpec, network: nn.Module) -> str:
        """Load the published weights.

        Args:
            mentor (MentorSpec): The mentor.
            network (nn.Module): Its network.

        Returns:
            str: The URL.

        Raises:
            ConnectionError: If the URL cannot be reached.
            ValueError: If no weights are published, or they do not match the network.
        """
        try:
            url = get_config(mentor.network['cfg_path'], pretrained=True).model_path
        except ValueError as error:
            raise ValueError(f'Mentor {mentor.name!r}: {error}') from error
        return load_checkpoint(mentor, network, url)
