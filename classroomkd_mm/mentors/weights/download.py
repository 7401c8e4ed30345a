# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Downloading files of weights to PyTorch's cache."""

import hashlib
import re
import shutil
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.error import URLError
from urllib.parse import urlparse
from urllib.request import HTTPRedirectHandler, Request, build_opener
from uuid import uuid4

import torch
from mmengine.logging import print_log

from .hashes import CHUNK, mismatch

MAX_BYTES = 32 * 1024**3
"""Files of more bytes are not downloaded."""
TIMEOUT = 60
"""Seconds without any data after which a download fails."""


def check_url(url: str, subject: str, allow_http: bool = False) -> None:
    """Reject a URL whose content anybody on the way could replace.

    Args:
        url (str): The URL.
        subject (str): The file, as the beginning of a sentence.
        allow_http (bool): Accept http too.

    Raises:
        ValueError: If the URL is not https.
    """
    if urlparse(url).scheme in _schemes(allow_http):
        return
    remedy = 'Give an https URL, or download the file and give its path.'
    if urlparse(url).scheme == 'http':
        remedy += (
            ' Where http is all there is, set allow_http=True of the mentor, and '
            'sha256, which protects the file.'
        )
    raise ValueError(f'{subject} is not an https URL. {remedy}')


def cache_path(url: str) -> Path:
    """Tell where the file of a URL is kept.

    Args:
        url (str): The URL.

    Returns:
        Path: A file below ``checkpoints`` in PyTorch's cache, whatever the URL is.
    """
    # Many files are called best.pth; a hash of the URL distinguishes them.
    folder = hashlib.sha256(url.encode()).hexdigest()[:8]
    name = urlparse(url).path.rpartition('/')[2]
    name = re.sub(r'[^\w.-]', '_', name, flags=re.ASCII)[-100:].lstrip('.')
    return Path(torch.hub.get_dir(), 'checkpoints', folder, name or 'weights')


def download(
    url: str, subject: str, expected: str | None = None, allow_http: bool = False
) -> Path:
    """Download a file, unless it is in the cache.

    The file is written under another name, and renamed when it is complete and has the
    expected hash. Nothing else is ever found in the cache.

    Args:
        url (str): An https URL.
        subject (str): The file, as the beginning of a sentence.
        expected (str, optional): The SHA-256 hash of the file, or its first digits.
        allow_http (bool): Accept http too.

    Returns:
        Path: The file in the cache.

    Raises:
        ValueError: If the URL is not https, the file is larger than :data:`MAX_BYTES`
            or has another hash.
        ConnectionError: If the file cannot be downloaded.
    """
    check_url(url, subject, allow_http)
    path = cache_path(url)
    if path.is_file():
        return path
    partial = path.with_name(f'{path.name}.{uuid4().hex}.partial')
    print_log(f'Downloading {url} to {path}', logger='current')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _open(url, allow_http) as response, partial.open('xb') as file:
            actual = _copy(response, file, subject, shutil.disk_usage(path.parent).free)
        problem = mismatch(actual, expected, subject)
        if problem:
            raise ValueError(problem)
        partial.replace(path)
    except (URLError, HTTPException, OSError) as error:
        raise ConnectionError(
            f'{subject} cannot be downloaded ({error}). Download the file on another '
            f'machine and give its path, or copy it to {path}.'
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return path


class _CheckedRedirects(HTTPRedirectHandler):
    """Follow redirects to the allowed schemes only."""

    def __init__(self, schemes: tuple[str, ...]) -> None:
        self.schemes = schemes

    def redirect_request(self, req, fp, code, msg, headers, newurl) -> Request | None:
        if urlparse(newurl).scheme not in self.schemes:
            raise URLError(f'it redirects to {newurl!r}, which is not https')
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _schemes(allow_http: bool) -> tuple[str, ...]:
    return ('https', 'http') if allow_http else ('https',)


def _open(url: str, allow_http: bool) -> HTTPResponse:
    """Request a URL."""
    opener = build_opener(_CheckedRedirects(_schemes(allow_http)))
    request = Request(url, headers={'User-Agent': 'classroomkd_mm'})
    return opener.open(request, timeout=TIMEOUT)


def _copy(response: HTTPResponse, file: BinaryIO, subject: str, free: int) -> str:
    """Write a response to a file, and return its SHA-256 hash."""
    announced = response.headers.get('Content-Length')
    size = int(announced) if (announced or '').isdigit() else None
    _check_size(size or 0, subject)
    if (size or 0) > free:
        raise OSError(f'it has {size:,} bytes, but only {free:,} are free on the disk')
    digest, written = hashlib.sha256(), 0
    while chunk := response.read(CHUNK):
        written += len(chunk)
        _check_size(written, subject)
        file.write(chunk)
        digest.update(chunk)
    if size is not None and written != size:
        raise OSError(f'the connection ended after {written:,} of {size:,} bytes')
    return digest.hexdigest()


def _check_size(size: int, subject: str) -> None:
    if size > MAX_BYTES:
        raise ValueError(
            f'{subject} has more than {MAX_BYTES:,} bytes, and is not downloaded. If '
            'these are the weights, download the file and give its path.'
        )
