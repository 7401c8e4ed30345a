# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Reading a mentor's checkpoint, of any of the usual formats."""

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
    """Read a checkpoint, without running any code that it may hold.

    Args:
        source (str): A path, or an http(s) URL, which is downloaded once to
            PyTorch's cache; of a ``.safetensors`` file or of one that ``torch.load``
            reads with ``weights_only=True``.
        mentor (str): The mentor's name, for messages.

    Returns:
        Any: What the file holds, as a rule a dict.

    Raises:
        FileNotFoundError: If there is no such file.
        ConnectionError: If the URL cannot be reached.
        ValueError: If the file is truncated or holds other objects.
        ImportError: If safetensors is needed, and not installed.
    """
    path = _download(source, mentor) if '://' in source else Path(source).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f'Mentor {mentor!r}: the checkpoint {source!r} does not exist. Give the '
            'path or the URL of its weights, or train it first.'
        )
    if path.suffix.lower() == SAFETENSORS:
        return _read_safetensors(path, source, mentor)
    allow_log_buffers()
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
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


def _read_safetensors(path: Path, source: str, mentor: str) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file."""
    try:  # here, since few mentors need it
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
            f'Mentor {mentor!r}: the checkpoint {source!r} is no complete safetensors '
            f'file ({_first_line(error)}). Get the file again.'
        ) from error


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


def _first_line(error: Exception) -> str:
    """Tell an error in short; some of PyTorch's have no text, others pages."""
    return str(error).partition('\n')[0] or type(error).__name__
