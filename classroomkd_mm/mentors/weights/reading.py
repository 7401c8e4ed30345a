# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Reading files of weights in any of the usual formats, without running their code."""

import difflib
import logging
import pickle
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor

from ...compat.checkpoints import allow_log_buffers, reason, refusal
from .download import download
from .hashes import hash_file, hash_in_name, mismatch

SAFETENSORS = '.safetensors'


def read_checkpoint(
    source: str,
    mentor: str | None = None,
    sha256: str | None = None,
    allow_http: bool = False,
    map_location: Any = 'cpu',
) -> Any:
    """Read a checkpoint, without executing any code that it may contain.

    Args:
        source (str): A path, or an https URL, which is downloaded once to PyTorch's
            cache. The file is a ``.safetensors`` file, or one that ``torch.load`` can
            read with ``weights_only=True``.
        mentor (str, optional): The mentor's name, for messages; None if the file does
            not belong to a mentor.
        sha256 (str, optional): The hash that the file must have. Without it, a hash in
            the file name is compared: a download must have it, and a local file that
            has another one causes a warning.
        allow_http (bool): Accept an http URL too.
        map_location (Any): The device, as for ``torch.load``; tensors of safetensors
            files are always on the CPU.

    Returns:
        Any: The content of the file, usually a dict.

    Raises:
        FileNotFoundError: If the file does not exist.
        ConnectionError: If the URL cannot be reached.
        ValueError: If the file is truncated, contains objects other than weights or has
            another hash, or the URL is not https.
        ImportError: If safetensors is needed but not installed.
    """
    subject = f'The checkpoint {source!r}'
    if mentor is not None:
        subject = f'Mentor {mentor!r}: the checkpoint {source!r}'
    is_url, expected = '://' in source, sha256 or hash_in_name(source)
    path = Path(source).expanduser()
    if is_url:
        path = download(source, subject, expected, allow_http)
    if not path.is_file():
        raise FileNotFoundError(
            f'{subject} does not exist.{_similar_file(path)} Give the path or URL of '
            'the weights, or train the network first.'
        )
    if expected:
        problem = mismatch(hash_file(path), expected, f'{subject} (read from {path})')
        if problem and (is_url or sha256):
            raise ValueError(problem)
        if problem:
            print_log(problem, logger='current', level=logging.WARNING)
    if path.suffix.lower() == SAFETENSORS:
        return _read_safetensors(path, subject)
    return _read_pickle(path, subject, map_location)


def _similar_file(path: Path) -> str:
    """Suggest a file with a similar name in the same folder."""
    if not path.parent.is_dir():
        return ''
    names = sorted(other.name for other in path.parent.iterdir())
    close = difflib.get_close_matches(path.name, names, n=1)
    return f' Did you mean {str(path.with_name(close[0]))!r}?' if close else ''


def _read_pickle(path: Path, subject: str, map_location: Any) -> Any:
    """Read a file of `torch.save`."""
    allow_log_buffers()
    try:
        return torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(refusal(subject, error)) from None
    except Exception as error:  # invalid bytes can raise any error
        raise ValueError(
            f'{subject} cannot be read. It is probably truncated or not a PyTorch file '
            f'({reason(error)}). Get the file again.'
        ) from error


def _read_safetensors(path: Path, subject: str) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file."""
    try:  # imported here, since few mentors need it
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise ImportError(
            f'{subject} needs safetensors, which is not installed: pip install '
            'safetensors.'
        ) from error
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(
            f'{subject} is not a complete safetensors file ({reason(error)}). Get the '
            'file again.'
        ) from error
