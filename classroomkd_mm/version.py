# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The version of the package, in one place; `mim` and `setup.py` read it."""

__version__ = '0.1.0'
