# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What the OpenMMLab packages need to run on a current PyTorch.

Their last releases are older than the PyTorch they meet. Each remedy here names
its reason and its condition: it is applied where the real thing fails and
nowhere else, so an installation that is complete stays as it is. Nothing is
silenced: what cannot work raises :class:`NotAvailableError` when it is used.

=====================================  ==========================================
`mmcv.ops`                             mmcv-lite has no compiled operators, but
                                       MMPose and MMDetection import them for
                                       heads that are rarely used.
`mmrazor.structures.quantization`      imports names that PyTorch 2 has moved
                                       (open-mmlab/mmrazor#615, #632);
                                       distillation needs none of them.
`mmengine.runner.checkpoint`           PyTorch >= 2.6 loads a checkpoint with
                                       `weights_only=True`, which refuses the log
                                       buffers that MMEngine 0.10 stores in it.
`mmengine.hub`, `mmengine.config`      run `pip install` for the name before `::`
                                       of a config, if there is no such package.
=====================================  ==========================================
"""

import sys
from collections.abc import Callable
from functools import partial
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pickle import UnpicklingError
from types import ModuleType
from typing import Any, NamedTuple, NoReturn


class NotAvailableError(ImportError):
    """Something was used that this installation does not have."""


class StandIn(NamedTuple):
    """When to stand in for a module that fails to import, and what to say."""

    applies: Callable[[ImportError], bool]
    """Whether this error is the known one; any other is raised."""
    reason: str
    """Why the module is missing, and the remedy."""


def _lacks_compiled_operators(error: ImportError) -> bool:
    # An `_ext` that is there but does not load is a broken full installation:
    # that raises another error, which the user has to see.
    return isinstance(error, ModuleNotFoundError) and error.name == 'mmcv._ext'


STAND_INS: dict[str, StandIn] = {
    'mmcv.ops': StandIn(
        applies=_lacks_compiled_operators,
        reason='the installed mmcv has no compiled operators (it is mmcv-lite). '
        'Replace it by the full mmcv 2.1.0: '
        '`pip uninstall mmcv-lite && mim install mmcv==2.1.0`',
    ),
    'mmrazor.structures.quantization': StandIn(
        applies=lambda error: True,
        reason="MMRazor's quantization does not import on the installed PyTorch "
        '(open-mmlab/mmrazor#615). Use PyTorch 1.13 for quantization; '
        'distillation does not need it',
    ),
}
"""The modules that may be stood in for, with all modules below them."""

# mmcv.utils.collect_env asks how the operators were compiled, and knows by this
# error that there are none: here mmcv-lite has to answer as it always does.
_BUILD_QUERIES = ('get_compiler_version', 'get_compiling_cuda_version')


class StandInModule(ModuleType):
    """A module whose every name is a class that cannot be instantiated.

    Importing a name, subclassing it and `isinstance` work, calling it does not.
    """

    def __getattr__(self, name: str) -> type:
        if name.startswith('__'):
            raise AttributeError(f'module {self.__name__!r} has no {name!r}')
        if name in _BUILD_QUERIES:
            raise ModuleNotFoundError(_complaint(f'{self.__name__}.{name}'))
        setattr(self, name, _stand_in_class(self.__name__, name))
        return getattr(self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        # mmcv.ops.nms is a function and a module: the latter can end up in the
        # place of the former.
        raise NotAvailableError(_complaint(self.__name__))


class StandInLoader(Loader):
    """Load a module below one that is stood in for."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the stand-in.

        Args:
            spec (ModuleSpec): Carries the name of the module.

        Returns:
            ModuleType: The stand-in.
        """
        return StandInModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: a stand-in has no content.

        Args:
            module (ModuleType): The stand-in.
        """


def stand_in_for(module: ModuleType, error: ImportError) -> bool:
    """Turn a module that failed to import into a stand-in, if it is a known case.

    Args:
        module (ModuleType): The module, executed up to the error.
        error (ImportError): The error.

    Returns:
        bool: Whether the module is now a stand-in.
    """
    name = module.__name__
    if name not in STAND_INS or not STAND_INS[name].applies(error):
        return False
    for half_imported in [key for key in sys.modules if key.startswith(f'{name}.')]:
        del sys.modules[half_imported]
    for key in [key for key in vars(module) if not key.startswith('__')]:
        delattr(module, key)
    module.__path__ = []
    module.__class__ = StandInModule
    return True


def is_below_stand_in(name: str) -> bool:
    """Whether a module is part of a package that is stood in for.

    Args:
        name (str): The full name of the module.

    Returns:
        bool: True if its parent has been imported as a stand-in.
    """
    return isinstance(sys.modules.get(name.rpartition('.')[0]), StandInModule)


def _complaint(asked_for: str) -> str:
    reason = next(
        stand_in.reason
        for root, stand_in in STAND_INS.items()
        if f'{asked_for}.'.startswith(f'{root}.')
    )
    return f'{asked_for} is not available: {reason}.'


def _stand_in_class(module: str, name: str) -> type:
    def refuse(cls: type, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotAvailableError(_complaint(f'{module}.{name}'))

    return type(name, (), {'__new__': refuse, '__module__': module})


def allow_log_buffers() -> None:
    """Let `torch.load(weights_only=True)` read a checkpoint of MMEngine's Runner.

    Such a checkpoint holds `HistoryBuffer` objects, with numpy arrays and scalars.
    Only what they are made of is allowed. Pickle writes a buffer's statistics as
    `getattr(HistoryBuffer, 'mean')`; allowing `getattr` itself would open the door
    that `weights_only` closes, so a narrow function answers to its name.
    """
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer

    if torch.__version__ < (2, 6):  # its default is weights_only=False
        return

    # The names are registered when a first buffer is made.
    statistics = HistoryBuffer()._statistics_methods

    def statistic(owner: type, name: str) -> Callable:
        if owner is not HistoryBuffer or name not in statistics:
            raise UnpicklingError(
                f'The checkpoint asks for {name!r} of {owner!r}. Only the '
                f'statistics of {HistoryBuffer} may be loaded.'
            )
        return getattr(owner, name)

    make_array = np.empty(0).__reduce__()[0]
    make_scalar = np.float64(0).__reduce__()[0]
    # uint8 are the colours of key points in the meta information of MMPose's data.
    dtypes = ('bool', 'uint8', 'int32', 'int64', 'float32', 'float64')
    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            (statistic, 'builtins.getattr'),
            bytes,
            np.ndarray,
            np.dtype,
            *(type(np.dtype(name)) for name in dtypes),
            # numpy 2 has renamed numpy.core; a checkpoint carries either name.
            *((make_array, f'numpy.{core}.multiarray._reconstruct') for core in _CORES),
            *((make_scalar, f'numpy.{core}.multiarray.scalar') for core in _CORES),
        ]
    )


def check_packages(module: str) -> None:
    """Let a module of MMEngine refuse a config of a package that is not installed.

    Args:
        module (str): The module, which has been imported.
    """
    split = sys.modules[module]._get_package_and_cfg_path

    def check_and_split(cfg_path: str) -> tuple[str, str]:
        from .hub import check_package  # here, since it imports MMEngine

        check_package(cfg_path.partition('::')[0])
        return split(cfg_path)

    sys.modules[module]._get_package_and_cfg_path = check_and_split


_CORES = ('core', '_core')

AFTER_IMPORT: dict[str, Callable[[], None]] = {
    'mmengine.config.config': partial(check_packages, 'mmengine.config.config'),
    'mmengine.hub.hub': partial(check_packages, 'mmengine.hub.hub'),
    'mmengine.runner.checkpoint': allow_log_buffers,
}
"""What to mend right after the import of which module."""
