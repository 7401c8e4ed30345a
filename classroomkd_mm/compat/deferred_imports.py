# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Imports in OpenMMLab's modules that wait until what they import is used.

For pruning and for searching networks, MMRazor imports detectors, pose estimators,
SciPy and scikit-learn with its own models, and MMPretrain imports detectors for one
layer. A training that uses none of them would spend a large part of its start on these
packages.
"""

import builtins
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from importlib.util import resolve_name as resolve_relative_name
from pkgutil import resolve_name
from sys import modules
from types import ModuleType
from typing import Any

_NEEDS_DETECTORS = 'mmpretrain.models.utils.res_layer_extra_norm'

DEFERRED: dict[str, tuple[str, ...]] = {
    'mmpretrain.models.utils': (_NEEDS_DETECTORS,),
    'mmrazor': ('matplotlib', 'mmdet', 'mmpose', 'scipy', 'sklearn'),
}
"""Modules and packages whose import is deferred, by the package that imports them."""


class Deferred:
    """What a deferred import binds: it is imported when it is called or looked into.

    Args:
        path (str): The full name of a module, class or function.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f'<{self._path}, imported when it is used>'

    def __getattr__(self, name: str) -> Any:
        return getattr(resolve_name(self._path), name)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return resolve_name(self._path)(*args, **options)

    def __mro_entries__(self, bases: tuple) -> tuple[type]:
        return (resolve_name(self._path),)

    def __instancecheck__(self, instance: object) -> bool:
        # Nothing is an instance of a class whose module is not imported yet.
        imported = self._path.rpartition('.')[0] in modules
        return imported and isinstance(instance, resolve_name(self._path))


class _Source:
    """Stands for a module while an import statement takes names from it."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Deferred:
        return Deferred(f'{self._module}.{name}')


def defers_imports(module: str) -> bool:
    """Whether a module defers some of its imports.

    Args:
        module (str): The full name of the module.

    Returns:
        bool: Whether it belongs to a package in `DEFERRED`.
    """
    return any(_is_within(module, package) for package in DEFERRED)


def defer_imports(module: ModuleType) -> None:
    """Defer those imports of a module that are in `DEFERRED`.

    This covers ``from a import b`` and ``import a.b as c`` outside of functions. A
    package that is not installed is not deferred, so that the module finds out at once.

    Args:
        module (ModuleType): The module, which is not executed yet.
    """
    deferred = [
        name
        for package, names in DEFERRED.items()
        if _is_within(module.__name__, package)
        for name in names
    ]
    # An import statement calls the `__import__` among the builtins of its module.
    module.__builtins__ = {
        **vars(builtins),
        '__import__': _importing_later(deferred, module.__spec__.parent),
    }


def register_layer_with_detectors() -> None:
    """Let MMPretrain register its layer for detectors, now that there are detectors."""
    if 'mmpretrain.models.utils' in modules:
        import_module(_NEEDS_DETECTORS)


def _importing_later(deferred: list[str], package: str) -> Callable[..., Any]:
    """Make an `__import__` that defers some modules, for the modules of a package."""

    def import_later(
        name: str,
        globals: Any = None,
        locals: Any = None,
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        path = resolve_relative_name('.' * level + name, package)
        top = path.partition('.')[0]
        later = any(_is_within(path, module) for module in deferred)
        takes_names = '*' not in fromlist if fromlist else '.' in name
        in_function = globals is None or locals is not globals
        if later and takes_names and not in_function and find_spec(top):
            return _Source(path if fromlist else top)
        return builtins.__import__(name, globals, locals, fromlist, level)

    return import_later


def _is_within(module: str, package: str) -> bool:
    return f'{module}.'.startswith(f'{package}.')
