# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Making MMEngine reject a config of a package that is not installed."""

import sys


def check_packages(module: str) -> None:
    """Make a module of MMEngine check the package of a ``package::path``.

    Args:
        module (str): Name of the module, which must be imported already.
    """
    split = sys.modules[module]._get_package_and_cfg_path

    def check_and_split(cfg_path: str) -> tuple[str, str]:
        from ..hub import check_package  # imported here, since it imports MMEngine

        check_package(cfg_path.partition('::')[0])
        return split(cfg_path)

    sys.modules[module]._get_package_and_cfg_path = check_and_split
