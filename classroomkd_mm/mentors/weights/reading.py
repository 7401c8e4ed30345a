# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Reading the weights out of a mentor's checkpoint."""

import hashlib
import pickle
import urllib.error
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

import torch
from torch import Tensor

from ...compat import allow_log_buffers

# Under which key the usual training programs store the weights.
WEIGHT_KEYS = ('state_dict', 'model', 'net')
# What wrappers put before the names of a network: DDP, MMRazor's algorithms.
PARALLEL, STUDENT = 'module.', 'architecture.'


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
    allow_log_buffers()
    try:
        checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} is damaged, or holds other '
            'objects than weights, which are not loaded since they can run code '
            f'({_first_line(error)}). Get the file again, or save its '
            '`state_dict` alone.'
        ) from error
    except Exception as error:  # bytes that are no pickle can raise anything
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} cannot be read, it is '
            'probably truncated or no PyTorch file '
            f'({_first_line(error)}). Get the file again.'
        ) from error
    return _strip_wrappers(_weights_in(checkpoint, source, mentor))


def _download(url: str, mentor: str) -> Path:
    """Fetch a URL to PyTorch's cache, unless it is there."""
    parts = urlparse(url)
    if parts.scheme not in ('http', 'https'):
        raise ValueError(
            f'Mentor {mentor!r}: cannot read {url!r}. Give a local path or an '
            'http(s) URL.'
        )
    # Many files are called best.pth: the URL tells them apart.
    folder = hashlib.sha256(url.encode()).hexdigest()[:8]
    path = Path(torch.hub.get_dir(), 'checkpoints', folder, Path(parts.path).name)
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
    """Leave out what DDP and MMRazor put before the names of a network."""
    if all(key.startswith(PARALLEL) for key in weights):
        weights = {key.removeprefix(PARALLEL): v for key, v in weights.items()}
    student = {
        key.removeprefix(STUDENT): value
        for key, value in weights.items()
        if key.startswith(STUDENT)
    }
    return student or weights


def _first_line(error: Exception) -> str:
    """Tell an error in short; some of PyTorch's have no text, others pages."""
    return str(error).partition('\n')[0] or type(error).__name__
