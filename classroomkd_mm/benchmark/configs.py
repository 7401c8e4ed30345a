# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""From suite, method and seed to the config of a training."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .._launch import find_config
from ..fingerprints import describe, differences
from .facts import fill
from .method import COMMON, Method
from .suite import Suite

MENTOR_SEED = 1000
"""Mentors do not share a seed with any student."""

CLASSROOM = {
    'type', '_scope_', 'architecture', 'mentors', 'distiller', 'mentor_cache',
    'fast_mentors', 'dry_run',
}  # fmt: skip
"""Options of the model that are no options of the student."""

DEFAULT_HOOKS = (
    'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint',
)  # fmt: skip
"""What MMEngine calls the hooks of every training."""


def run_config(
    suite: Suite,
    method: Method,
    seed: int,
    start: str,
    mentors: Mapping[str, Mapping[str, Any]],
    stages: Mapping[str, Path],
    cache: Path,
    is_stage: bool = False,
) -> Config:
    """Write the config of a run.

    Args:
        suite (Suite): What all runs have in common.
        method (Method): What is particular.
        seed (int): Of the order of the samples and all that is drawn.
        start (str): The checkpoint with the student's initial weights.
        mentors (Mapping[str, Mapping]): Configs of the suite's mentors.
        stages (Mapping[str, Path]): Checkpoints of the trainings before.
        cache (Path): The folder of the cache.
        is_stage (bool): Whether this is a training before, which may be of another
            student.

    Returns:
        Config: The config, which ``mim train classroomkd_mm`` takes.

    Raises:
        MissingFactError: If the suite does not say what the method needs.
        ValueError: If it needs what there cannot be, or student, start, data, views or
            schedule are not those of the suite.
    """
    facts = dict(
        suite.facts(),
        teacher=mentors[suite.best],
        stages={name: str(path) for name, path in stages.items()},
        work_dirs={name: str(path.parent) for name, path in stages.items()},
    )
    method = _filled(method, facts)
    cfg = common_config(suite, seed)
    cfg.model.init_cfg = dict(type='Pretrained', checkpoint=method.start or start)
    expected = common_part(cfg)
    if method.mentors:
        teachers = _teachers(suite, method, mentors)
        cfg.model = _classroom(suite, method, cfg, teachers, cache)
        cfg.custom_hooks = [*cfg.custom_hooks, dict(type='mmrazor.ClassroomHook')]
    differ = _change(cfg, dict(method.overrides))
    differ += differences(expected, common_part(cfg))
    if is_stage and any(line.startswith('student.backbone') for line in differ):
        cfg.model.get('architecture', cfg.model).init_cfg = None  # another network
    else:
        differ += _starts_elsewhere(cfg, [start, *map(str, stages.values())])
    if is_stage:
        differ = [line for line in differ if not line.startswith('student')]
    if differ:
        raise ValueError(
            f'The method {method.name!r} is not trained as the others of the suite '
            f'{suite.name!r}: {"; ".join(differ)}. A method may change the distiller '
            'and the mentors, not the student, its start, the data, the views or the '
            'schedule.'
        )
    return cfg


def common_config(suite: Suite, seed: int) -> Config:
    """Write the config of a training of the student alone.

    Args:
        suite (Suite): The suite.
        seed (int): The seed.

    Returns:
        Config: With views, one validation at the end and the record of the run.
    """
    cfg = copy.deepcopy(suite.config)
    object.__setattr__(cfg, '_format_python_code', False)
    cfg.randomness = dict(cfg.get('randomness') or {}, seed=seed)
    if suite.views:
        loader = cfg.train_dataloader
        views = dict(type='SeededViews', dataset=loader.dataset, **suite.views)
        loader.dataset = views
        loader.sampler = dict(type='SeededViewSampler', sampler=loader.sampler)
    return recorded(cfg)


def pretraining_config(recipe: str) -> Config:
    """Write the config that trains a mentor.

    Args:
        recipe (str): Path or file name of the recipe.

    Returns:
        Config: The recipe, with a seed and the record of the run.
    """
    cfg = Config.fromfile(find_config(recipe), import_custom_modules=False)
    object.__setattr__(cfg, '_format_python_code', False)
    cfg.randomness = dict(seed=MENTOR_SEED)
    return recorded(cfg)


def recorded(cfg: Config) -> Config:
    """Have a training validate once, at its end, and leave a record.

    Args:
        cfg (Config): Its config.

    Returns:
        Config: The same, changed.
    """
    loop = cfg.train_cfg
    loop.val_interval = loop.get('max_epochs') or loop.max_iters
    imports = cfg.get('custom_imports') or dict(imports=[])
    ours = ['classroomkd_mm.models', 'classroomkd_mm.engine']
    names = [*imports['imports'], *ours]
    cfg.custom_imports = dict(imports=list(dict.fromkeys(names)))
    hooks = cfg.get('custom_hooks') or []
    cfg.custom_hooks = [*hooks, dict(type='mmrazor.RunRecordHook')]
    return cfg


def last_checkpoint(cfg: Config) -> str:
    """Say what the last checkpoint of a training is called.

    Args:
        cfg (Config): Its config.

    Returns:
        str: The name of the file.
    """
    loop = cfg.train_cfg
    if loop.get('max_epochs'):
        return f'epoch_{loop.max_epochs}.pth'
    return f'iter_{loop.max_iters}.pth'


def common_part(cfg: Config) -> dict[str, Any]:
    """Describe what must be the same for all methods.

    Args:
        cfg (Config): The config of a run.

    Returns:
        dict[str, Any]: Student, data, views and schedule.
    """
    model = cfg.model
    student = model
    if model.type.split('.')[-1] == 'ClassroomDistill':
        own = {key: part for key, part in model.items() if key not in CLASSROOM}
        student = {**model.architecture, **own}
    ignored = ('init_cfg', '_scope_')
    student = {key: part for key, part in student.items() if key not in ignored}
    return describe({'student': student, **{name: cfg.get(name) for name in COMMON}})


def _filled(method: Method, facts: Mapping[str, Any]) -> Method:
    """Fill in what a method needs to know of the suite."""
    parts = ('mentors', 'distiller', 'start', 'overrides')
    try:
        return replace(
            method, **{part: fill(getattr(method, part), facts) for part in parts}
        )
    except ValueError as error:
        raise ValueError(f'The method {method.name!r}: {error}') from error


def _teachers(
    suite: Suite, method: Method, mentors: Mapping[str, Any]
) -> dict[str, Any]:
    """Choose the mentors of a method."""
    if isinstance(method.mentors, Mapping):
        return dict(method.mentors)
    if method.mentors == 'best':
        return {suite.best: mentors[suite.best]}
    return dict(mentors)


def _change(cfg: Config, changes: dict[str, Any]) -> list[str]:
    """Merge the overrides of a method; say which common hooks they would change."""
    # A merge would replace these lists.
    cfg.custom_hooks = [*cfg.custom_hooks, *changes.pop('custom_hooks', ())]
    imports = changes.pop('custom_imports', dict(imports=()))
    cfg.custom_imports.imports = [*cfg.custom_imports.imports, *imports['imports']]
    common = {*DEFAULT_HOOKS, *cfg.get('default_hooks', {})}
    cfg.merge_from_dict(changes)
    changed = sorted(common.intersection(changes.get('default_hooks', {})))
    return [f'default_hooks.{name}, which all runs have' for name in changed]


def _starts_elsewhere(cfg: Config, starts: Sequence[str]) -> list[str]:
    """Say which weights a run starts from, other than its own and those of stages."""
    known = [dict(type='Pretrained', checkpoint=path) for path in starts]
    student = cfg.model.get('architecture', cfg.model)
    said = [student.get('init_cfg')]
    if student is not cfg.model and 'init_cfg' in cfg.model:
        said.append(cfg.model.init_cfg)
    return [
        f'starts from {init}, neither the initial weights nor a stage'
        for init in said
        if init not in known
    ]


def _classroom(
    suite: Suite,
    method: Method,
    cfg: Config,
    mentors: Mapping[str, Any],
    cache: Path,
) -> dict[str, Any]:
    """Write the model of a classroom."""
    distiller = Config(dict(distiller=copy.deepcopy(dict(suite.distiller))))
    distiller.merge_from_dict(dict(distiller=method.distiller))
    model = dict(
        type='ClassroomDistill',
        _scope_='mmrazor',
        architecture=dict(cfg.model, _scope_=cfg.default_scope),
        mentors=mentors,
        distiller=distiller.distiller,
    )
    if suite.cache and not method.live:
        model['mentor_cache'] = dict(path=str(cache), **suite.views)
    return model
