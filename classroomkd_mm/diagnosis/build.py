# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Building the classroom of a config, as far as that is possible."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmrazor.registry import MODELS
from torch import nn

from ..networks import model_of
from .findings import ERROR, Findings


def build_classroom(cfg: Config, findings: Findings) -> nn.Module | None:
    """Build a classroom with those of its mentors that can be built.

    Args:
        cfg (Config): A whole config.
        findings (Findings): Every mentor that cannot be built is added.

    Returns:
        ClassroomDistill | None: The classroom; None if it cannot be built at all.
    """
    from ..models.algorithms.student_config import is_classroom

    if not is_classroom(cfg):
        kind = (cfg.get('model') or {}).get('type')
        findings.add(ERROR, 'config', f'Its model is {kind!r}, not a ClassroomDistill.')
        return None
    model = model_of(cfg)
    attempt = Findings()
    with attempt.catch('classroom'):
        return _build(model)
    found = Findings()
    good = _good_mentors(model, found)
    findings += found or attempt  # what is wrong with a mentor, or with the whole
    if not good:
        return None
    # The distiller may name mentors that are missing now.
    for rest in (dict(mentors=good), dict(mentors=good, distiller=None)):
        with Findings().catch('classroom'):
            return _build({**model, **rest, 'dry_run': False})
    return None


def _good_mentors(model: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    """Find the mentors that can be built, each alone."""
    good = {}
    for name, mentor in (model.get('mentors') or {}).items():
        if mentor is None:
            continue
        alone = dict(mentors={name: mentor}, distiller=None, dry_run=False)
        with findings.catch(f'mentor {name!r}'):
            _build({**model, **alone})
            good[name] = mentor
    return good


def _build(model: Mapping[str, Any]) -> nn.Module:
    """Build a classroom whose mentors are all there, to be run on any samples."""
    classroom = MODELS.build({**model, 'mentor_cache': None})
    classroom._require_mentors()
    return classroom
