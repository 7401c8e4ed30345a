# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MMPretrain beside a version of transformers that is too new for it."""

import re
import sys
from importlib import metadata

TOO_NEW = (4, 52)
"""The first version of transformers that MMPretrain 1.2.0 was not seen to import."""


def leave_out_multimodal_models() -> None:
    """Let MMPretrain leave out its multimodal models if transformers is too new.

    It leaves them out where transformers is missing, but a version that has moved what
    they import makes the import of all of MMPretrain's models fail.
    """
    if is_too_new(transformers_version()):
        sys.modules['mmpretrain.utils.dependency'].WITH_MULTIMODAL = False


def transformers_version() -> str | None:
    """Read the version of transformers, without importing it.

    Returns:
        str | None: None if it is not installed.
    """
    try:
        return metadata.version('transformers')
    except metadata.PackageNotFoundError:
        return None


def is_too_new(version: str | None) -> bool:
    """Say whether MMPretrain's multimodal models cannot be imported with a version.

    Args:
        version (str, optional): Of transformers; None if it is not installed.

    Returns:
        bool: True from 4.52 on.
    """
    numbers = re.match(r'(\d+)\.(\d+)', version or '')
    return numbers is not None and tuple(map(int, numbers.groups())) >= TOO_NEW
