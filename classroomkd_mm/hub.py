# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Configs of installed OpenMMLab packages, ``package::path``.

MMEngine runs `pip install` for a package that is not installed. A mistyped name must
not install code, so :mod:`.compat` makes MMEngine call :func:`check_package` before
it resolves such a path.
"""

from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from mmengine import hub
from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.utils import get_installed_path, is_installed

# OpenMMLab 1.x packages that have been renamed.
RENAMED = dict(
    mmcls='mmpretrain', mmselfsup='mmpretrain', mmedit='mmagic', mmgen='mmagic'
)


def get_config(cfg_path: str, pretrained: bool = False) -> Config:
    """Read a config of an installed package.

    Args:
        cfg_path (str): ``package::path``, with the path below the package's configs.
        pretrained (bool): Require published weights; their URL is the ``model_path``
            of the returned config.

    Returns:
        Config: The config.

    Raises:
        ModuleNotFoundError: If the package is unknown or not installed.
        FileNotFoundError: If the package has no such config.
        ValueError: If no weights are published for it.
    """
    package, _, path = cfg_path.partition('::')
    check_package(package)
    configs = Path(get_installed_path(MODULE2PACKAGE[package]), '.mim', 'configs')
    if not (configs / path).is_file():
        raise FileNotFoundError(
            f'{package} has no config {path!r}. {_similar_configs(path, configs)}'
        )
    try:
        cfg = hub.get_config(cfg_path, pretrained)
    except AssertionError as error:
        raise ValueError(f'{cfg_path!r} cannot be read. {error}') from error
    if pretrained and 'model_path' not in cfg:
        raise ValueError(
            f'{package} has published no weights for {path!r}: give your own '
            'checkpoint, or use another config.'
        )
    return cfg


def check_published(cfg_path: str, remedy: str) -> None:
    """Reject ``pretrained=True`` for a config that is not an installed package's.

    Args:
        cfg_path (str): The config.
        remedy (str): What to use instead.

    Raises:
        ValueError: If it is not a ``package::path``.
    """
    if '::' not in cfg_path:
        raise ValueError(
            'pretrained=True finds the weights that OpenMMLab published for a config '
            f"'package::path', not for {cfg_path!r}. Use {remedy} instead."
        )


def check_package(package: str) -> None:
    """Reject a package that is unknown or not installed.

    Args:
        package (str): The part before ``::``.

    Raises:
        ModuleNotFoundError: If it is not an OpenMMLab package, or is not installed.
    """
    project = MODULE2PACKAGE.get(package)
    if project and is_installed(project):
        return
    message = f'{package!r}, before `::`, '
    if package in RENAMED:
        message += f'is now called {RENAMED[package]!r}: change the config.'
    elif project:
        message += (
            f'is not installed, and is not installed automatically. To install it: '
            f'pip install {project}.'
        )
    else:
        installed = [name for name in MODULE2PACKAGE if find_spec(name)]
        similar = get_close_matches(package, installed) or installed
        message += f'is not an OpenMMLab package. Did you mean {_either(similar)}?'
    raise ModuleNotFoundError(message, name=package)


def _similar_configs(path: str, configs: Path) -> str:
    """Suggest configs with the same file name, or else with a similar path."""
    known = sorted(x.relative_to(configs).as_posix() for x in configs.rglob('*.py'))
    same_name = [x for x in known if Path(x).stem == Path(path).stem]
    similar = same_name or get_close_matches(path, known)
    if similar:
        return f'Did you mean {_either(similar)}?'
    return f'All configs are in {configs}.'


def _either(names: list[str]) -> str:
    """Join names with "or"."""
    return ' or '.join(map(repr, names))
