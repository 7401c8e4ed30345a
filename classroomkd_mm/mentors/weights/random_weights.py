# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import logging
from collections.abc import Mapping
from typing import Any

from mmengine.logging import print_log
from torch import nn

from ..mentor import RANDOM_WEIGHTS
from ..spec import MentorSpec
from .libraries import own_weights
from .source import WEIGHT_SOURCES, WeightSource


@WEIGHT_SOURCES.register_module(name='random')
class RandomSource(WeightSource):
    """Random weights, requested explicitly by ``ckpt=None``."""

    options = ('ckpt',)

    def claims(self, cfg: Mapping[str, Any]) -> bool:
        """Whether the config requests random weights.

        Args:
            cfg (Mapping): The mentor's config.

        Returns:
            bool: Whether ``ckpt`` is explicitly None, and no other option names
            weights.
        """
        silent = 'ckpt' in cfg and cfg['ckpt'] is None
        return silent and not (cfg.get('pretrained') or own_weights(cfg.get('model')))

    def load(self, mentor: MentorSpec, network: nn.Module) -> str:
        """Leave the network unchanged, and log a warning.

        Args:
            mentor (MentorSpec): The mentor.
            network (nn.Module): Its network.

        Returns:
            str: The text 'random weights'.
        """
        print_log(
            f'Mentor {mentor.name!r} has random weights, as requested by ckpt=None. '
            'It has nothing to teach.',
            logger='current',
            level=logging.WARNING,
        )
        return RANDOM_WEIGHTS
