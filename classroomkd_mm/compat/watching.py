# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Acting on the import of a module of OpenMMLab, without importing it first."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from .missing_packages import check_packages
from .old_configs import register_all
from .stand_ins import STAND_INS, StandInLoader, is_below_stand_in, stand_in_for

AFTER_IMPORT: dict[str, Callable[[], None]] = {
    'mmengine.config.config': partial(check_packages, 'mmengine.config.config'),
    'mmengine.hub.hub': partial(check_packages, 'mmengine.hub.hub'),
    'mmrazor.models': register_all,
}
"""What to do right after the import of which module."""


class _WatchingLoader(Loader):
    """Run a module with its own loader; stand in for it, or act afterwards."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def __getattr__(self, name: str):
        # Readers of source or data files ask the module's own loader.
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        try:
            self.loader.exec_module(module)
        except ImportError as error:
            if not stand_in_for(module, error):
                raise
        _after_import(module.__name__)


class WatchingFinder(MetaPathFinder):
    """Find the watched modules, and only those, as Python would have.

    Args:
        names (set[str]): The watched modules.
    """

    def __init__(self, names: set[str]) -> None:
        self.names = names

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
            ModuleSpec | None: None for every module that is not watched.
        """
        if is_below_stand_in(fullname):
            return ModuleSpec(fullname, StandInLoader(), is_package=True)
        if fullname not in self.names:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _WatchingLoader(spec.loader)
        return spec


def install() -> None:
    """Start watching, and catch up on what has been imported already."""
    if any(isinstance(finder, WatchingFinder) for finder in sys.meta_path):
        return
    needed = {name for name, stand_in in STAND_INS.items() if stand_in.needed()}
    sys.meta_path.insert(0, WatchingFinder(needed | set(AFTER_IMPORT)))
    for name in AFTER_IMPORT:
        if name in sys.modules:
            _after_import(name)


def _after_import(name: str) -> None:
    if name in AFTER_IMPORT:
        AFTER_IMPORT[name]()
