# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from torch import nn

from ..spec import MentorSpec
from .crd import convert_if_published
from .fitting import load_weights
from .reading import read_state_dict
from .source import WEIGHT_SOURCES, WeightSource


@WEIGHT_SOURCES.register_module(name='checkpoint')
class CheckpointSource(WeightSource):
    """A file or an http(s) URL: ``ckpt='resnet50.pth'``."""

    options = ('ckpt',)

    def load(self, mentor: MentorSpec, network: nn.Module) -> str:
        """Load a checkpoint.

        Args:
            mentor (MentorSpec): The mentor, with ``weights['ckpt']``.
            network (nn.Module): Its network.

        Returns:
            str: The path or URL.

        Raises:
            FileNotFoundError: If there is no such file.
            ConnectionError: If the URL cannot be reached.
            ValueError: If the file is damaged or does not fit.
        """
        return load_checkpoint(mentor, network, str(mentor.weights['ckpt']))


def load_checkpoint(mentor: MentorSpec, network: nn.Module, ckpt: str) -> str:
    """Load a checkpoint into a mentor's network, whole or not at all.

    Args:
        mentor (MentorSpec): The mentor.
        network (nn.Module): Its network.
        ckpt (str): A path, or an http(s) URL.

    Returns:
        str: The path or URL.

    Raises:
        FileNotFoundError: If there is no such file.
        ConnectionError: If the URL cannot be reached.
        ValueError: If the file is damaged or does not fit.
    """
    weights = read_state_dict(ckpt, mentor.name)
    weights, published = convert_if_published(weights, network, mentor.name, ckpt)
    hint = ''
    if published:
        hint = (
            f'It is a published {published}, the mentor is configured as '
            f'{mentor.configured}.'
        )
    load_weights(network, weights, mentor.name, ckpt, hint)
    return ckpt
