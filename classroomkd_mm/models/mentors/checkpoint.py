# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Reading a mentor's checkpoint and loading it whole, or not at all."""

import pickle
import urllib.error
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

import torch
from torch import Tensor, nn

# Under which key the usual training programs store the weights.
WEIGHT_KEYS = ('state_dict', 'model', 'net')
# What wrappers put before the names of a network: MMRazor's algorithms, DDP.
WRAPPER_PREFIXES = ('architecture.', 'module.')
SHOWN_KEYS = 4


def read_state_dict(source: str, mentor: str) -> dict[str, Tensor]:
    """Read the weights of a checkpoint, with ``weights_only=True``.

    Args:
        source (str): A path, or an http(s) URL, which is downloaded once to
            PyTorch's cache.
        mentor (str): The mentor's name, for messages.

    Returns:
        dict[str, Tensor]: Names, without the prefixes of wrappers, and weights.

    Raises:
        FileNotFoundError: If there is no such file.
        ConnectionError: If the URL cannot be reached.
        ValueError: If the file is truncated or holds no weights.
    """
    path = _download(source, mentor) if '://' in source else Path(source).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f'Mentor {mentor!r}: the checkpoint {source!r} does not exist. Give the '
            'path or the URL of its weights, or train it first.'
        )
    try:
        checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} is damaged, or holds other '
            'objects than weights, which are not loaded since they can run code '
            f'({str(error).splitlines()[0]}). Get the file again, or save its '
            '`state_dict` alone.'
        ) from error
    except (RuntimeError, EOFError, OSError) as error:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} cannot be read, it is '
            'probably truncated or no PyTorch file '
            f'({str(error).splitlines()[0]}). Get the file again.'
        ) from error
    return _strip_wrappers(_weights_in(checkpoint, source, mentor))


def load_weights(
    network: nn.Module, state_dict: Mapping[str, Tensor], mentor: str, source: str
) -> None:
    """Load weights into a network, every one of them.

    Args:
        network (nn.Module): The mentor's network.
        state_dict (Mapping[str, Tensor]): Its weights.
        mentor (str): The mentor's name, for messages.
        source (str): Where the weights are from, for messages.

    Raises:
        ValueError: If a weight of the network is missing or has another shape.
    """
    expected = network.state_dict()
    missing = [
        key
        for key in expected
        if key not in state_dict and not key.endswith('num_batches_tracked')
    ]
    extra = [key for key in state_dict if key not in expected]
    reshaped = [
        f'{key} {tuple(state_dict[key].shape)} instead of {tuple(value.shape)}'
        for key, value in expected.items()
        if key in state_dict and state_dict[key].shape != value.shape
    ]
    if missing or reshaped:
        raise ValueError(
            _misfit(network, mentor, source, len(expected), missing, extra, reshaped)
        )
    network.load_state_dict(state_dict, strict=False)


def _misfit(
    network: nn.Module,
    mentor: str,
    source: str,
    total: int,
    missing: list[str],
    extra: list[str],
    reshaped: list[str],
) -> str:
    """Say what of a checkpoint does not fit, and what to do."""
    backbone = type(getattr(network, 'backbone', network)).__name__
    fitting = total - len(missing) - len(reshaped)
    lines = [
        f'Mentor {mentor!r}: the checkpoint {source!r} belongs to another network '
        f'than the configured {type(network).__name__} ({backbone}): it fits '
        f'{fitting or "none"} of its {total} weights.'
    ]
    for text, keys in (
        ('Missing', missing),
        ('Of another shape', reshaped),
        ('Unknown to the network', extra),
    ):
        if keys:
            more = f' and {len(keys) - SHOWN_KEYS} more' * (len(keys) > SHOWN_KEYS)
            lines.append(f'{text}: {", ".join(keys[:SHOWN_KEYS])}{more}.')
    lines.append('Give the checkpoint of this network, or the config of that one.')
    return '\n'.join(lines)


def _download(url: str, mentor: str) -> Path:
    """Fetch a URL to PyTorch's cache, unless it is there."""
    parts = urlparse(url)
    if parts.scheme not in ('http', 'https'):
        raise ValueError(
            f'Mentor {mentor!r}: cannot read {url!r}. Give a local path or an '
            'http(s) URL.'
        )
    path = Path(torch.hub.get_dir(), 'checkpoints', Path(parts.path).name)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(path))
        except (urllib.error.URLError, OSError) as error:
            raise ConnectionError(
                f'Mentor {mentor!r}: the URL {url!r} cannot be reached ({error}). '
                f'Download the file elsewhere and give its path as ckpt, or put it at '
                f'{path}.'
            ) from error
    return path


def _weights_in(checkpoint: object, source: str, mentor: str) -> dict[str, Tensor]:
    """Find the weights in a checkpoint."""
    if isinstance(checkpoint, Mapping):
        for key in WEIGHT_KEYS:
            if isinstance(checkpoint.get(key), Mapping):
                checkpoint = checkpoint[key]
                break
        weights = {k: v for k, v in checkpoint.items() if isinstance(v, Tensor)}
        if weights:
            return weights
    raise ValueError(
        f'Mentor {mentor!r}: the checkpoint {source!r} holds no weights. Expected are '
        f'tensors by name, on the top level or under one of {WEIGHT_KEYS}.'
    )


def _strip_wrappers(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Leave out what wrappers put before the names of a network."""
    for prefix in WRAPPER_PREFIXES:
        if any(key.startswith(prefix) for key in weights):
            weights = {
                key.removeprefix(prefix): value
                for key, value in weights.items()
                if key.startswith(prefix)
            }
    return weights
