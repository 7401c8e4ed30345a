# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping
from os import PathLike
from typing import Any

from torch import nn

from ..spec import MentorSpec
from .crd import convert_if_published
from .download import check_url
from .fitting import load_weights
from .hashes import check_sha256
from .reading import read_checkpoint
from .search import find_weights
from .source import WEIGHT_SOURCES, WeightSource


@WEIGHT_SOURCES.register_module(name='checkpoint')
class CheckpointSource(WeightSource):
    """A file or an https URL: ``ckpt='resnet50.pth'``."""

    options = ('ckpt', 'ckpt_key', 'sha256', 'allow_http')

    def check(self, mentor: str, cfg: Mapping[str, Any]) -> None:
        """Reject a value that is not a path, a URL that is not https, and a bad hash.

        Args:
            mentor (str): The mentor's name.
            cfg (Mapping): Its config.

        Raises:
            TypeError: If ``ckpt`` is neither a path nor a URL.
            ValueError: If it is a URL that is not allowed, or ``sha256`` is no hash.
        """
        if not isinstance(cfg['ckpt'], str | PathLike):
            raise TypeError(
                f'Mentor {mentor!r}: ckpt must be a path or a URL, but got '
                f'{cfg["ckpt"]!r}. On the command line, a value with a comma is read '
                'as a list, unless it is quoted or the path of an existing file.'
            )
        check_sha256(mentor, cfg.get('sha256'))
        ckpt = str(cfg['ckpt'])
        if '://' in ckpt:
            subject = f'Mentor {mentor!r}: ckpt={ckpt!r}'
            check_url(ckpt, subject, bool(cfg.get('allow_http')))

    def load(self, mentor: MentorSpec, network: nn.Module) -> str:
        """Load a checkpoint.

        Args:
            mentor (MentorSpec): The mentor, with ``weights['ckpt']``, and the options
                of :func:`load_checkpoint`.
            network (nn.Module): Its network.

        Returns:
            str: The path or URL.

        Raises:
            FileNotFoundError: If the file does not exist.
            ConnectionError: If the URL cannot be reached.
            ValueError: If the file is damaged, has another hash or does not match the
                network.
        """
        return load_checkpoint(mentor, network, str(mentor.weights['ckpt']))


def load_checkpoint(mentor: MentorSpec, network: nn.Module, ckpt: str) -> str:
    """Load all weights of a mentor's network from a checkpoint.

    Args:
        mentor (MentorSpec): The mentor. In its ``weights``, ``ckpt_key`` selects
            weights within the file, ``sha256`` is the hash that the file must have,
            and ``allow_http=True`` accepts a URL that is not https.
        network (nn.Module): Its network.
        ckpt (str): A path, or an https URL.

    Returns:
        str: The path or URL.

    Raises:
        FileNotFoundError: If the file does not exist.
        ConnectionError: If the URL cannot be reached.
        ValueError: If the file is damaged, has another hash or does not match the
            network.
    """
    sha256, allow_http = mentor.weights.get('sha256'), mentor.weights.get('allow_http')
    checkpoint = read_checkpoint(ckpt, mentor.name, sha256, bool(allow_http))
    key = mentor.weights.get('ckpt_key')
    found = find_weights(checkpoint, network, mentor.name, ckpt, key)
    weights, published = convert_if_published(found.weights, network, mentor.name, ckpt)
    hint = f'The compared weights are those under {found.key!r}.' if found.key else ''
    if published:
        hint = (
            f'The file is a published {published}, but the mentor is configured as '
            f'{mentor.configured}.'
        )
    load_weights(network, weights, mentor.name, ckpt, hint)
    network.dataset_meta = dataset_meta(checkpoint)
    return ckpt


def dataset_meta(checkpoint: Any) -> Mapping[str, Any]:
    """Read what a checkpoint says of the dataset that its network was trained on.

    Args:
        checkpoint (Any): What the file holds.

    Returns:
        Mapping: MMEngine's ``meta.dataset_meta``, or the classes that MMCV wrote;
        empty where there is neither.
    """
    meta = checkpoint.get('meta') if isinstance(checkpoint, Mapping) else None
    meta = meta if isinstance(meta, Mapping) else {}
    found = meta.get('dataset_meta') or {'classes': meta.get('CLASSES')}
    return found if isinstance(found, Mapping) else {}
