# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Hooks on the import of OpenMMLab modules, without importing them first."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from .checkpoints import use_safe_loaders
from .deferred_imports import (
    defer_imports,
    defers_imports,
    register_layer_with_detectors,
)
from .failing_samples import name_failing_samples, name_odd_samples
from .missing_packages import check_packages
from .mixed_precision import allow_mixed_precision_on_cpu, convert_bfloat16_to_numpy
from .multimodal_models import leave_out_multimodal_models
from .old_configs import register_all
from .processes import start_processes_without_gpu, wrap_models_on_cpu
from .quick_configs import find_configs_quickly, find_packages_quickly
from .stand_ins import STAND_INS, StandInLoader, is_below_stand_in, stand_in_for
from .whole_files import keep_until_saved, write_whole_files

AFTER_IMPORT: dict[str, Callable[[], None]] = {
    'mmdet.models': register_layer_with_detectors,
    'mmengine.config.config': partial(check_packages, 'mmengine.config.config'),
    'mmengine.config.utils': find_configs_quickly,
    'mmengine.dist.utils': start_processes_without_gpu,
    'mmengine.dataset.base_dataset': name_failing_samples,
    'mmengine.dataset.utils': name_odd_samples,
    'mmengine.hub.hub': partial(check_packages, 'mmengine.hub.hub'),
    'mmengine.fileio.backends.local_backend': write_whole_files,
    'mmengine.hooks.checkpoint_hook': keep_until_saved,
    'mmengine.model.wrappers.distributed': wrap_models_on_cpu,
    'mmengine.optim.optimizer.amp_optimizer_wrapper': allow_mixed_precision_on_cpu,
    'mmengine.runner.checkpoint': use_safe_loaders,
    'mmengine.utils.package_utils': find_packages_quickly,
    'mmpose.utils.tensor_utils': convert_bfloat16_to_numpy,
    'mmpretrain.utils.dependency': leave_out_multimodal_models,
    'mmrazor.models': register_all,
}
"""Functions to call right after the import of a module, by module name."""


class _WatchingLoader(Loader):
    """Load a module with its own loader, and apply what is to be done with it."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def __getattr__(self, name: str):
        # Source and data files are read through the module's own loader.
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if defers_imports(module.__name__):
            defer_imports(module)
        try:
            self.loader.exec_module(module)
        except ImportError as error:
            if not stand_in_for(module, error):
                raise
        _after_import(module.__name__)


class WatchingFinder(MetaPathFinder):
    """Find the watched modules as Python does, and ignore all others.

    Args:
        names (set[str]): Names of the watched modules.
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
            fullname (str): Name of the module to import.
            path (Sequence[str], optional): Search path of its parent.
            target (ModuleType, optional): Module to reload.

        Returns:
            ModuleSpec | None: The spec, or None if the module is not watched.
        """
        if is_below_stand_in(fullname):
            return ModuleSpec(fullname, StandInLoader(), is_package=True)
        if fullname not in self.names and not defers_imports(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _WatchingLoader(spec.loader)
        return spec


def install() -> None:
    """Start watching, and handle the modules that are imported already."""
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
