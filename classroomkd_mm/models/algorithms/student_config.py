# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Reducing the config of a classroom to its student."""

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
# Entries that only configure the training of the classroom.
TRAINING = (
    'train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler',
    'auto_scale_lr', 'load_from', 'resume', 'work_dir', 'experiment_name',
    'runner_type',
)  # fmt: skip


def is_classroom(cfg: Config) -> bool:
    """Whether a config describes a classroom.

    Args:
        cfg (Config): A full config.

    Returns:
        bool: True if its model is a ClassroomDistill whose student is a config.
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
    """Assemble the model config of a student.

    Args:
        architecture (Mapping): Its config, or ``cfg_path`` of a full config.
        options (Mapping): Options of the student that override its config.
        data_preprocessor (Mapping, optional): Options that override those of its data
            preprocessor.

    Returns:
        dict: A model config, including data preprocessor and scope.
    """
    cfg = Config(dict(model=network_config(architecture, data_preprocessor)))
    cfg.merge_from_dict({'model': dict(options)})
    return cfg.model.to_dict()


def student_config(cfg: Config) -> Config:
    """Replace the model of a classroom's config with the student.

    Testing, exporting and counting parameters need only the student, not the files of
    its mentors.

    Args:
        cfg (Config): A full config.

    Returns:
        Config: A copy with the student as ``model``, or ``cfg`` itself if the model is
        not a ClassroomDistill.
    """
    from .classroom_distill import ClassroomDistill

    if not is_classroom(cfg):
        return cfg
    reduced = copy.deepcopy(cfg)
    # Like the Runner, which passes the preprocessor of a full config to the model.
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
    """Create a config of the student without its classroom.

    It contains what MMPretrain or MMPose needs to test, deploy and run the student. It
    omits the training of the classroom, whose data pipeline may be specific to the
    mentors.

    Args:
        cfg (Config): The full config of a classroom.

    Returns:
        Config: The config without mentors, hooks of this package and training.
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
    """Set `custom_imports` to the needed modules and to those of other packages.

    The list always contains this package, whose import is fast and enables MMEngine to
    load its own checkpoints on a current PyTorch (:mod:`classroomkd_mm.compat`). The
    import may fail if nothing else is needed.
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
    """Map the registered names of this package's classes to their modules."""
    roots = [v for v in vars(mmengine.registry).values() if isinstance(v, Registry)]
    return {
        name: cls.__module__
        for root in roots
        for registry in _family(root)
        for name, cls in registry.module_dict.items()
        if cls.__module__.split('.')[0] == PACKAGE
    }


def _family(registry: Registry) -> Iterator[Registry]:
    """Iterate over a registry and all its descendants."""
    yield registry
    for child in registry.children.values():
        yield from _family(child)


def _type_names(cfg: Any) -> Iterator[str]:
    """Iterate over all type names in a config, without scopes."""
    if isinstance(cfg, (Config, Mapping)):
        if 'type' in cfg:
            yield _type_name(cfg)
        cfg = [value for _, value in cfg.items()]
    elif not isinstance(cfg, (list, tuple)):
        return
    for value in cfg:
        yield from _type_names(value)


def _type_name(cfg: Any) -> str:
    """The type name in the config of a component, without scope."""
    kind = cfg.get('type') if isinstance(cfg, Mapping) else type(cfg)
    name = kind if isinstance(kind, str) else getattr(kind, '__name__', str(kind))
    return name.split('.')[-1]
