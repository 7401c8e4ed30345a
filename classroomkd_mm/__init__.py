# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Multi-mentor knowledge distillation (ClassroomKD) for OpenMMLab.

Importing this package is cheap: it imports neither torch nor an OpenMMLab package.
It mends what a current PyTorch breaks (:mod:`classroomkd_mm.compat`). A config names
what it needs in ``custom_imports``: :mod:`classroomkd_mm.models` registers the
algorithm and its parts, :mod:`classroomkd_mm.engine` the hooks.
"""

from typing import Any

from . import compat
from .version import __version__

__all__ = ['ClassroomOutput', 'classroom_loss', '__version__']

compat.install()


def __getattr__(name: str) -> Any:
    """Import the functional interface, and torch with it, at its first use."""
    if name not in ('ClassroomOutput', 'classroom_loss'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from . import functional

    return getattr(functional, name)
