# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import logging
from collections.abc import Mapping
from typing import Any

from mmengine.logging import print_log
from torch import nn

from ..spec import MentorSpec
from .libraries import own_weights
from .source import WEIGHT_SOURCES, WeightSource


@WEIGHT_SOURCES.register_module(name='random')
class RandomSource(WeightSource):
    """Random weights, on purpose: ``ckpt=None``."""

    options = ('ckpt',)

    def claims(self, cfg: Mapping[str, Any]) -> bool:
        """Tell whether random weights are asked for.

        Args:
            cfg (Mapping): The mentor's config.

        Returns:
            bool: Whether ``ckpt`` is None, in so many words, and nothing else
            names weights.
        """
        silent = 'ckpt' in cfg and cfg['ckpt'] is None
        return silent and not (cfg.get('pretrained') or own_weights(cfg.get('model')))

    def load(self, mentor: MentorSpec, network: nn.Module) -> str:
        """Leave the network as it is, and warn.

        Args:
            mentor (MentorSpec): The mentor.
            network (nn.Module): Its network.

        Returns:
            str: That the weights are random.
        """
        print_log(
            f'Mentor {mentor.name!r} has random weights, as ckpt=None asks. It has '
            'nothing to teach.',
            logger='current',
            level=logging.WARNING,
        )
        return 'random weights'
