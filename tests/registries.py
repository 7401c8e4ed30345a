# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What OpenMMLab's packages register, by package and name."""

import importlib

import classroomkd_mm  # noqa: F401  lets MMPose import on mmcv-lite

PACKAGES = ('mmcv', 'mmengine', 'mmpretrain', 'mmpose', 'mmrazor')


def registered(root):
    """The classes of a root registry of MMEngine and all below it: 'package.Name'."""
    for package in PACKAGES:
        if package not in ('mmcv', 'mmengine'):
            importlib.import_module(f'{package}.utils').register_all_modules(False)
    found, registries = (
        {},
        [getattr(importlib.import_module('mmengine.registry'), root)],
    )
    while registries:
        registry = registries.pop()
        registries.extend(registry.children.values())
        for name, cls in registry.module_dict.items():
            package = cls.__module__.split('.')[0]
            if package in PACKAGES:
                found[f'{package}.{name}'] = cls
    return found
