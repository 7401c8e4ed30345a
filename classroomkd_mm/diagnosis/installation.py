# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What is installed, and which remedies of :mod:`classroomkd_mm.compat` it needs."""

import platform
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Any

import torch

from ..compat import allow_log_buffers, provide_soft_cross_entropy
from ..compat.stand_ins import STAND_INS
from ..compat.watching import AFTER_IMPORT
from ..version import __version__
from .findings import Findings

PACKAGES = (
    ('torch',),
    ('torchvision',),
    ('numpy',),
    ('mmengine',),
    ('mmcv', 'mmcv-lite'),
    ('mmrazor',),
    ('mmpretrain',),
    ('mmpose',),
    ('timm',),
    ('transformers',),
)
"""Distributions, with other names of the same package."""


def describe_installation(findings: Findings) -> dict[str, Any]:
    """Describe this installation, and try whether the package can be imported.

    Args:
        findings (Findings): What is wrong is added.

    Returns:
        dict: ``versions`` by package (None if it is not installed), ``remedies``
        and ``devices``.
    """
    for module in ('classroomkd_mm.models', 'classroomkd_mm.engine'):
        with findings.catch(f'import {module}'):
            import_module(module)
    return dict(versions=versions(), remedies=remedies(), devices=devices(findings))


def versions() -> dict[str, str | None]:
    """Read the versions of Python, of this package and of those it builds on.

    Returns:
        dict: By name; None where a package is not installed.
    """
    found = dict(python=platform.python_version(), classroomkd_mm=__version__)
    for names in PACKAGES:
        installed = {name: version for name in names if (version := _version(name))}
        found |= installed or {names[0]: None}
    return found


def remedies() -> list[dict[str, Any]]:
    """List the remedies of :mod:`classroomkd_mm.compat`.

    Returns:
        list[dict]: For each ``name``, what it is for, ``active`` and ``why``.
    """
    found = [
        dict(name=name, active=bool(stand_in.needed()), why=stand_in.reason)
        for name, stand_in in STAND_INS.items()
    ]
    needed = torch.__version__ >= (2, 6)
    found.append(_remedy('torch.load(weights_only=True)', needed, allow_log_buffers))
    needed = find_spec('mmcls') is None
    found.append(_remedy('mmrazor.models.losses', needed, provide_soft_cross_entropy))
    for name, function in AFTER_IMPORT.items():
        found.append(_remedy(name, name in sys.modules, function))
    return found


def devices(findings: Findings) -> list[str]:
    """List the devices that PyTorch can use.

    Args:
        findings (Findings): A device that fails is added.

    Returns:
        list[str]: The CPU first.
    """
    threads = torch.get_num_threads()
    found = [f'cpu ({threads} thread{"s" * (threads > 1)})']
    for index in range(torch.cuda.device_count()):
        name = f'cuda:{index}'
        with findings.catch(f'device {name}'):
            properties = torch.cuda.get_device_properties(index)
            torch.ones(1, device=name).add(1)
            found.append(
                f'{name} ({properties.name}, {properties.total_memory / 2**30:.0f} GiB)'
            )
    return found


def _remedy(name: str, active: bool, function: Callable) -> dict[str, Any]:
    """Describe a remedy by the first sentence about its function."""
    function = function.func if isinstance(function, partial) else function
    why = ' '.join((function.__doc__ or '').strip().partition('\n\n')[0].split())
    return dict(name=name, active=active, why=why)


def _version(distribution: str) -> str | None:
    """Read the version of what is installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
