# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Letting MMEngine refuse a config of a package that is not installed."""

import sys


def check_packages(module: str) -> None:
    """Check what stands before ``::`` of a config, before MMEngine looks for it.

    Args:
        module (str): The module of MMEngine to do so, which has been imported.
    """
    split = sys.modules[module]._get_package_and_cfg_path

    def check_and_split(cfg_path: str) -> tuple[str, str]:
        from ..hub import check_package  # here, since it imports MMEngine

        check_package(cfg_path.partition('::')[0])
        return split(cfg_path)

    sys.modules[module]._get_package_and_cfg_path = check_and_split
