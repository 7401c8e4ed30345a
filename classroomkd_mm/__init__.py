# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Multi-mentor knowledge distillation (ClassroomKD) for OpenMMLab.

Importing this package is fast: it imports neither torch nor an OpenMMLab package. It
installs the fixes for current PyTorch versions (:mod:`classroomkd_mm.compat`). Configs
list the modules that they need in ``custom_imports``: :mod:`classroomkd_mm.models`
registers the algorithm and its components, :mod:`classroomkd_mm.engine` the hooks.
"""

from typing import Any

from . import compat
from .version import __version__

__all__ = ['ClassroomOutput', 'classroom_loss', '__version__']

compat.install()


def __getattr__(name: str) -> Any:
    """Import the functional interface, and with it torch, on first use."""
    if name not in ('ClassroomOutput', 'classroom_loss'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from . import functional

    return getattr(functional, name)
