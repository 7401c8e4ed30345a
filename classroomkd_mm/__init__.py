# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Multi-mentor knowledge distillation (ClassroomKD) for OpenMMLab.

Importing this package is cheap: it imports neither torch nor an OpenMMLab
package. It watches instead for their import, and then registers its components
(:mod:`classroomkd_mm._import_hooks`) and mends what a current PyTorch breaks
(:mod:`classroomkd_mm.compat`).
"""

from typing import Any

from . import _import_hooks
from .version import __version__

__all__ = ['ClassroomOutput', 'classroom_loss', '__version__']

_import_hooks.install()


def __getattr__(name: str) -> Any:
    """Import the functional interface, and torch with it, at its first use."""
    if name not in ('ClassroomOutput', 'classroom_loss'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from . import functional

    return getattr(functional, name)
