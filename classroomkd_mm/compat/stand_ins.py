# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Stand-ins for modules that cannot be imported.

Errors are not silenced: using a missing feature raises :class:`NotAvailableError`.
"""

import sys
from collections.abc import Callable
from importlib import metadata
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NoReturn


class NotAvailableError(ImportError):
    """A feature was used that this installation does not have."""


class StandIn(NamedTuple):
    """When to replace a module that fails to import, and the message to show."""

    needed: Callable[[], bool]
    """Whether this installation needs it; called before any import."""
    applies: Callable[[ImportError], bool]
    """Whether this is the known error; any other error is raised."""
    reason: str
    """Why the module is missing, and the remedy."""


def _is_mmcv_lite() -> bool:
    spec = PathFinder.find_spec('mmcv')
    folders = spec.submodule_search_locations if spec is not None else ()
    return not any(list(Path(folder).glob('_ext*')) for folder in folders)


def _lacks_compiled_operators(error: ImportError) -> bool:
    # An `_ext` that exists but does not load means a broken full installation. It
    # raises another error, which the user has to see.
    return isinstance(error, ModuleNotFoundError) and error.name == 'mmcv._ext'


def _is_pytorch_2() -> bool:
    try:
        return int(metadata.version('torch').partition('.')[0]) >= 2
    except metadata.PackageNotFoundError:  # built from source
        return True


def _misses_moved_names(error: ImportError) -> bool:
    return '`torch>=1.13` is not installed properly' in str(error)


STAND_INS: dict[str, StandIn] = {
    'mmcv.ops': StandIn(
        needed=_is_mmcv_lite,
        applies=_lacks_compiled_operators,
        reason='the installed mmcv has no compiled operators (it is mmcv-lite). '
        'Replace it with the full mmcv 2.1.0: '
        '`pip uninstall mmcv-lite && mim install mmcv==2.1.0`',
    ),
    'mmrazor.structures.quantization': StandIn(
        needed=_is_pytorch_2,
        applies=_misses_moved_names,
        reason="MMRazor's quantization does not import on the installed PyTorch "
        '(open-mmlab/mmrazor#615). Use PyTorch 1.13 for quantization; '
        'distillation does not need it',
    ),
}
"""The modules that may be replaced, including their submodules."""

# mmcv.utils.collect_env queries how the operators were compiled. With mmcv-lite it
# expects an import error, so the stand-in has to raise one.
_BUILD_QUERIES = ('get_compiler_version', 'get_compiling_cuda_version')


class StandInModule(ModuleType):
    """A module in which every name is a class that cannot be instantiated.

    Importing, subclassing and `isinstance` work; calling does not.
    """

    def __getattr__(self, name: str) -> type:
        if name.startswith('__'):
            raise AttributeError(f'module {self.__name__!r} has no {name!r}')
        if name in _BUILD_QUERIES:
            raise ModuleNotFoundError(_complaint(f'{self.__name__}.{name}'))
        setattr(self, name, _stand_in_class(self.__name__, name))
        return getattr(self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        # mmcv.ops.nms is both a function and a module, and the module can replace the
        # function.
        raise NotAvailableError(_complaint(self.__name__))


class StandInLoader(Loader):
    """Load a submodule of a stand-in."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Create the stand-in.

        Args:
            spec (ModuleSpec): Spec with the name of the module.

        Returns:
            ModuleType: The stand-in.
        """
        return StandInModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing, since a stand-in has no code.

        Args:
            module (ModuleType): The stand-in.
        """


def stand_in_for(module: ModuleType, error: ImportError) -> bool:
    """Turn a module that failed to import into a stand-in, if the error is known.

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
    """Whether a module is a submodule of a stand-in.

    Args:
        name (str): The full name of the module.

    Returns:
        bool: Whether its parent has been imported as a stand-in.
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
