# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The config of a classroom, reduced to its student."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import mmengine.registry
from mmengine.config import Config, ConfigDict
from mmengine.registry import Registry
from torch import nn

from ...networks import network_config
from ...options import options_of

PACKAGE = __name__.split('.')[0]
# What only the training in the classroom was set up with.
TRAINING = (
    'train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler',
    'auto_scale_lr', 'load_from', 'resume', 'work_dir', 'experiment_name',
    'runner_type',
)  # fmt: skip


def is_classroom(cfg: Config) -> bool:
    """Tell whether a config describes a classroom.

    Args:
        cfg (Config): A whole config.

    Returns:
        bool: Whether its model is a ClassroomDistill whose student is a config.
    """
    model = cfg.get('model')
    if not isinstance(model, Mapping):
        return False
    kind = model.get('type')
    kind = kind if isinstance(kind, str) else getattr(kind, '__name__', '')
    is_built = isinstance(model.get('architecture'), nn.Module)
    return kind.split('.')[-1] == 'ClassroomDistill' and not is_built


def student_model(
    architecture: Mapping[str, Any],
    options: Mapping[str, Any],
    data_preprocessor: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put the model config of a student together.

    Args:
        architecture (Mapping): Its config, or ``cfg_path`` of a whole config.
        options (Mapping): Options of the student, merged over these.
        data_preprocessor (Mapping, optional): The same for its data preprocessor.

    Returns:
        dict: A model config with its data preprocessor and scope.
    """
    cfg = Config(dict(model=network_config(architecture, data_preprocessor)))
    cfg.merge_from_dict({'model': dict(options)})
    return cfg.model.to_dict()


def student_config(cfg: Config) -> Config:
    """Reduce the model of a classroom's config to the student.

    Testing, exporting and counting need the student alone, not its mentors' files.

    Args:
        cfg (Config): A whole config.

    Returns:
        Config: The same with the student as ``model``; ``cfg`` itself where the
        model is no ClassroomDistill.
    """
    from .classroom_distill import ClassroomDistill

    if not is_classroom(cfg):
        return cfg
    reduced = copy.deepcopy(cfg)
    # As the Runner does, which gives a whole config's preprocessor to the model.
    preprocessor = cfg.model.get('data_preprocessor', cfg.get('data_preprocessor'))
    known = {*options_of(ClassroomDistill), 'type', '_scope_'}
    reduced.model = ConfigDict(
        student_model(
            cfg.model.architecture.to_dict(),
            {k: v for k, v in cfg.model.to_dict().items() if k not in known},
            preprocessor,
        )
    )
    return reduced


def plain_config(cfg: Config) -> Config:
    """Make a config of the student alone, which knows nothing of a classroom.

    It holds what MMPretrain or MMPose needs to test, deploy and run the student. The
    training of the classroom is left out: its data can be made for the mentors.

    Args:
        cfg (Config): A classroom's whole config.

    Returns:
        Config: Without mentors, hooks of this package and training.
    """
    plain = student_config(cfg)
    for key in TRAINING:
        plain.pop(key, None)
    ours = _registered_here()
    hooks = plain.pop('custom_hooks', None) or []
    hooks = [hook for hook in hooks if _type_name(hook) not in ours]
    if hooks:
        plain.custom_hooks = hooks
    for role, hook in list((plain.get('default_hooks') or {}).items()):
        if _type_name(hook) in ours:
            del plain.default_hooks[role]
    if _type_name(plain.get('val_cfg') or {}) in ours:  # ClassroomValLoop
        del plain.val_cfg['type']
    _set_imports(plain, {ours[name] for name in _type_names(plain) if name in ours})
    return plain


def _set_imports(plain: Config, needed: set[str]) -> None:
    """Import what is registered in this package, and what else was imported.

    The package itself is always there. It is a light import, and lets MMEngine read
    its own checkpoints on a current PyTorch (:mod:`classroomkd_mm.compat`). Where
    nothing else of it is needed, it may be missing.
    """
    given = plain.pop('custom_imports', None) or {}
    imports = given.get('imports') or []
    imports = [imports] if isinstance(imports, str) else imports
    others = [name for name in imports if name.split('.')[0] != PACKAGE]
    plain.custom_imports = dict(
        imports=[PACKAGE, *sorted(needed), *others],
        allow_failed_imports=not (needed or others)
        or given.get('allow_failed_imports', False),
    )


def _registered_here() -> dict[str, str]:
    """Names of this package's classes in OpenMMLab's registries, and their modules."""
    roots = [v for v in vars(mmengine.registry).values() if isinstance(v, Registry)]
    return {
        name: cls.__module__
        for root in roots
        for registry in _family(root)
        for name, cls in registry.module_dict.items()
        if cls.__module__.split('.')[0] == PACKAGE
    }


def _family(registry: Registry) -> Iterator[Registry]:
    """A registry, and all those of the packages below it."""
    yield registry
    for child in registry.children.values():
        yield from _family(child)


def _type_names(cfg: Any) -> Iterator[str]:
    """All types that a config names, without scopes."""
    if isinstance(cfg, (Config, Mapping)):
        if 'type' in cfg:
            yield _type_name(cfg)
        cfg = [value for _, value in cfg.items()]
    elif not isinstance(cfg, (list, tuple)):
        return
    for value in cfg:
        yield from _type_names(value)


def _type_name(cfg: Any) -> str:
    """The name of the class that a part's config names, without its scope."""
    kind = cfg.get('type') if isinstance(cfg, Mapping) else type(cfg)
    name = kind if isinstance(kind, str) else getattr(kind, '__name__', str(kind))
    return name.split('.')[-1]
