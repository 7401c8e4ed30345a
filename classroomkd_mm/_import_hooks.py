# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Act on the import of an OpenMMLab package, without importing it first.

OpenMMLab packages find their components in registries, and a component is there
once its module is imported. Importing all of MMRazor, MMPretrain and MMPose for
that takes ten seconds, most of which a run needs not. So a finder in front of
`sys.meta_path` waits: after a package listed in :data:`COMPONENTS` is imported,
the components that extend it are, too. In the same way :mod:`.compat` gets to
mend a module right after its import, or to stand in for one that cannot be
imported.
"""

import importlib
import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from . import compat

PACKAGE = __package__

COMPONENTS: dict[str, tuple[str, ...]] = {
    'mmrazor.models': (
        f'{PACKAGE}.models.algorithms',
        f'{PACKAGE}.models.classroom',
        f'{PACKAGE}.models.distillers',
        f'{PACKAGE}.models.losses',
    ),
    'mmrazor.engine': (f'{PACKAGE}.engine',),
    'mmpretrain.models': (f'{PACKAGE}.models.backbones',),
    'mmpretrain.datasets': (f'{PACKAGE}.datasets.digits',),
    'mmpose.datasets': (
        f'{PACKAGE}.datasets.mentor_crops',
        f'{PACKAGE}.datasets.stick_figures',
    ),
}
"""What to import after the import of which package."""


class _Pending(threading.local):
    """The components that a thread has still to import.

    A component may itself import the package it extends. It must not be asked
    for while it is half imported, so a list is kept until the outermost import
    has ended.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.names: list[str] = []

    def import_all(self) -> None:
        while self.depth == 0 and self.names:
            importlib.import_module(self.names.pop(0))


_pending = _Pending()


class _WatchingLoader(Loader):
    """Run a module with its own loader, then do what :data:`COMPONENTS` says."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def __getattr__(self, name: str):
        # Readers of source or data files ask the module's own loader.
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        _pending.depth += 1
        try:
            self.loader.exec_module(module)
        except ImportError as error:
            if not compat.stand_in_for(module, error):
                raise
        finally:
            _pending.depth -= 1
        _after_import(name)


class ImportHooks(MetaPathFinder):
    """Find the watched modules, and only those, as Python would have."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Wrap the loader of a watched module.

        Args:
            fullname (str): The name of the module that is being imported.
            path (Sequence[str], optional): The search path of its parent.
            target (ModuleType, optional): The module that is being reloaded.

        Returns:
            ModuleSpec | None: None for whatever is none of our business.
        """
        if compat.is_below_stand_in(fullname):
            return ModuleSpec(fullname, compat.StandInLoader(), is_package=True)
        if not _is_watched(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _WatchingLoader(spec.loader)
        return spec


def install() -> None:
    """Start watching, and catch up on what has been imported already."""
    if any(isinstance(finder, ImportHooks) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, ImportHooks())
    for name in (*compat.AFTER_IMPORT, *COMPONENTS):
        if name in sys.modules:
            _after_import(name)


def _is_watched(name: str) -> bool:
    return (
        name in COMPONENTS
        or name in compat.AFTER_IMPORT
        or name in compat.STAND_INS
        or name.startswith(f'{PACKAGE}.')
    )


def _after_import(name: str) -> None:
    if name in compat.AFTER_IMPORT:
        compat.AFTER_IMPORT[name]()
    _pending.names.extend(COMPONENTS.get(name, ()))
    _pending.import_all()
