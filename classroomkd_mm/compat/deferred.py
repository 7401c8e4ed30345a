# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Packages that MMRazor imports for a few classes, imported when these are used.

MMRazor asks whether a model is one of MMDetection's or MMPose's, and for that imports
both packages whole, which takes seconds. Here it gets a class that answers the same,
and imports the package when it has to: an object whose module was never imported does
not exist.
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

DEFERRED = ('mmdet', 'mmpose')


class DeferredClass(type):
    """The type of classes that stand for one of a module that is not imported yet."""

    def _real(cls) -> type:
        return getattr(importlib.import_module(cls.__module__), cls.__name__)

    def _is_imported(cls) -> bool:
        module = sys.modules.get(cls.__module__)
        return module is not None and not isinstance(module, DeferredModule)

    def __instancecheck__(cls, instance: Any) -> bool:
        return cls._is_imported() and isinstance(instance, cls._real())

    def __subclasscheck__(cls, subclass: type) -> bool:
        return cls._is_imported() and issubclass(subclass, cls._real())

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._real()(*args, **kwargs)


class DeferredModule(ModuleType):
    """A module whose every name is a class that stands for the real one."""

    def __getattr__(self, name: str) -> type:
        if name.startswith('__'):
            raise AttributeError(f'module {self.__name__!r} has no {name!r}')
        return DeferredClass(name, (), {'__module__': self.__name__})


class _Loader(Loader):
    """Load a deferred module."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return DeferredModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Finder(MetaPathFinder):
    """Find deferred modules of some packages."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = packages

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname.partition('.')[0] not in self.packages:
            return None
        return ModuleSpec(fullname, _Loader(), is_package=True)


@contextmanager
def deferred_imports() -> Iterator[None]:
    """Defer the import of the installed packages that are not imported yet.

    Afterwards, they are found as always.
    """
    packages = [
        name
        for name in DEFERRED
        if name not in sys.modules and PathFinder.find_spec(name) is not None
    ]
    finder = _Finder(packages)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name, module in list(sys.modules.items()):
            if isinstance(module, DeferredModule):
                del sys.modules[name]
