# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Finding the config ``package::path`` without reading everything that is installed.

MMEngine does so for each such path, and a classroom has one per network.
"""

import sys
from importlib.util import find_spec
from pathlib import Path


def find_packages_quickly() -> None:
    """Let MMEngine see whether a package is installed where Python finds packages.

    It lists all distributions on the path first.
    """
    module = sys.modules['mmengine.utils.package_utils']
    is_distributed = module.is_installed

    def is_installed(package: str) -> bool:
        spec = find_spec(package)
        return bool(spec and spec.origin) or is_distributed(package)

    module.is_installed = is_installed


def find_configs_quickly() -> None:
    """Let MMEngine look for a config where packages have them.

    It first reads each `metafile.yml` of the package, and searches these for the name
    of the config without its `.py`, under which none has it.
    """
    module = sys.modules['mmengine.config.utils']
    search = module._get_external_cfg_path

    def find_config(package_path: str, cfg_file: str) -> str:
        path = Path(package_path, '.mim', 'configs', cfg_file)
        return str(path) if path.is_file() else search(package_path, cfg_file)

    module._get_external_cfg_path = find_config
