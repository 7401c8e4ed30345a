# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Configs written for 0.1, whose `custom_imports` list only `classroomkd_mm`."""

import importlib
import sys

PACKAGE = __package__.partition('.')[0]


def register_all() -> None:
    """Register the algorithm, its components and the hooks.

    Called after the import of `mmrazor.models`. If :mod:`classroomkd_mm.models` caused
    that import, as with a current config, only the hooks remain to be registered.
    """
    if f'{PACKAGE}.models' not in sys.modules:
        importlib.import_module(f'{PACKAGE}.models')
    importlib.import_module(f'{PACKAGE}.engine')
