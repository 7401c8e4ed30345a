# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Configs written for 0.1, whose `custom_imports` name `classroomkd_mm` alone."""

import importlib
import sys

PACKAGE = __package__.partition('.')[0]


def register_all() -> None:
    """Register the algorithm, its parts and the hooks.

    Called after the import of `mmrazor.models`. If that is part of the import of
    :mod:`classroomkd_mm.models`, as with a config of today, only the hooks are left.
    """
    if f'{PACKAGE}.models' not in sys.modules:
        importlib.import_module(f'{PACKAGE}.models')
    importlib.import_module(f'{PACKAGE}.engine')
