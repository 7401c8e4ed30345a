# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""SHA-256 hashes of files of weights: given by the user, or part of a file name."""

import hashlib
import re
from pathlib import Path
from typing import Any

# OpenMMLab, torchvision and timm publish `name-abcdef12.pth`; MMPose also puts the date
# after the hash. Eight digits that are a date are not a hash.
HASH_IN_NAME = re.compile(
    r'-(?!20[12]\d[01]\d[0-3]\d[_.])([0-9a-f]{8})(?:_20\d{6})?'
    r'\.(?:pth|pt|safetensors)(?:\?.*)?$'
)
CHUNK = 1024**2


def check_sha256(mentor: str, sha256: Any) -> None:
    """Reject a value of the option sha256 that is not a hash.

    Args:
        mentor (str): The mentor's name, for the message.
        sha256 (Any): The value; None if the option is not set.

    Raises:
        ValueError: If it is neither None nor a SHA-256 hash.
    """
    if sha256 is not None and not re.fullmatch('[0-9a-fA-F]{64}', str(sha256)):
        raise ValueError(
            f'Mentor {mentor!r}: sha256 must be the 64 hexadecimal digits that '
            f'`sha256sum FILE` prints, but got {sha256!r}.'
        )


def hash_in_name(source: str) -> str | None:
    """Find the hash that a file name contains.

    Args:
        source (str): A path or a URL.

    Returns:
        str | None: The first 8 hexadecimal digits of the file's SHA-256 hash, or None.
    """
    found = HASH_IN_NAME.search(source)
    return found[1] if found else None


def hash_file(path: Path) -> str:
    """Compute the SHA-256 hash of a file.

    Args:
        path (Path): The file.

    Returns:
        str: 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def mismatch(actual: str, expected: str | None, subject: str) -> str | None:
    """Compare a hash with the expected one.

    Args:
        actual (str): Hash of the file, 64 hexadecimal digits.
        expected (str, optional): The expected hash, or its first digits.
        subject (str): The file, as the beginning of a sentence.

    Returns:
        str | None: A message with the remedy, or None if the hash is the expected one
        or none is expected.
    """
    if not expected or actual.startswith(expected.lower()):
        return None
    return (
        f'{subject} has the SHA-256 hash {actual}, but {expected} is expected. It is '
        'damaged, or another file. Get it again from a source that you trust. If it is '
        f'the right file, set sha256={actual!r} of the mentor.'
    )
