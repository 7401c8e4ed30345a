# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Reading a mentor's checkpoint in any of the usual formats."""

import hashlib
import pickle
import urllib.error
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor

from ...compat import allow_log_buffers

SAFETENSORS = '.safetensors'


def read_checkpoint(source: str, mentor: str) -> Any:
    """Read a checkpoint, without executing any code that it may contain.

    Args:
        source (str): A path, or an http(s) URL, which is downloaded once to PyTorch's
            cache. The file is a ``.safetensors`` file, or one that ``torch.load`` can
            read with ``weights_only=True``.
        mentor (str): The mentor's name, for messages.

    Returns:
        Any: The content of the file, usually a dict.

    Raises:
        FileNotFoundError: If the file does not exist.
        ConnectionError: If the URL cannot be reached.
        ValueError: If the file is truncated or contains objects other than weights.
        ImportError: If safetensors is needed but not installed.
    """
    path = _download(source, mentor) if '://' in source else Path(source).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f'Mentor {mentor!r}: the checkpoint {source!r} does not exist. Give the '
            'path or URL of its weights, or train the mentor first.'
        )
    if path.suffix.lower() == SAFETENSORS:
        return _read_safetensors(path, source, mentor)
    allow_log_buffers()
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} is damaged, or contains '
            'objects other than weights. These are not loaded, since they can run code '
            f'({_first_line(error)}). Get the file again, or save only its '
            '`state_dict`.'
        ) from error
    except Exception as error:  # invalid bytes can raise any error
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} cannot be read. It is '
            'probably truncated or not a PyTorch file '
            f'({_first_line(error)}). Get the file again.'
        ) from error


def _read_safetensors(path: Path, source: str, mentor: str) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file."""
    try:  # imported here, since few mentors need it
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise ImportError(
            f'Mentor {mentor!r}: the checkpoint {source!r} needs safetensors, which is '
            'not installed: pip install safetensors.'
        ) from error
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} is not a complete '
            f'safetensors file ({_first_line(error)}). Get the file again.'
        ) from error


def _download(url: str, mentor: str) -> Path:
    """Download a URL to PyTorch's cache, unless it is already there."""
    parts = urlparse(url)
    if parts.scheme not in ('http', 'https'):
        raise ValueError(
            f'Mentor {mentor!r}: cannot read {url!r}. Give a local path or an '
            'http(s) URL.'
        )
    # Many files are called best.pth; a hash of the URL distinguishes them.
    folder = hashlib.sha256(url.encode()).hexdigest()[:8]
    path = Path(torch.hub.get_dir(), 'checkpoints', folder, Path(parts.path).name)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(path))
        except (urllib.error.URLError, OSError) as error:
            raise ConnectionError(
                f'Mentor {mentor!r}: the URL {url!r} cannot be reached ({error}). '
                f'Download the file on another machine and give its path as ckpt, or '
                f'copy it to {path}.'
            ) from error
    return path


def _first_line(error: Exception) -> str:
    """Shorten an error; some of PyTorch's have no text, others span pages."""
    return str(error).partition('\n')[0] or type(error).__name__
