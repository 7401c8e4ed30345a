# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The networks that are measured, with random weights, which cost the same."""

import copy
from functools import partial
from typing import Any

import torch
from mmengine.config import Config
from mmrazor.registry import MODELS
from torch import nn

import classroomkd_mm.models.backbones  # noqa: F401  registers the networks

from .._launch import find_config
from ..engine.hooks.channels_last_hook import set_channels_last, wants_channels_last
from ..networks import build_network
from .recipes import Classroom


def make_models(classroom: Classroom, device: torch.device) -> dict[str, nn.Module]:
    """Build what trains: the student alone, our classrooms, and MMRazor's.

    Args:
        classroom (Classroom): The recipe.
        device (torch.device): Where they train.

    Returns:
        dict[str, nn.Module]: Models by variant.
    """
    everyone = {name: name for name in classroom.mentors}
    first = {classroom.mentors[0]: classroom.mentors[0]}
    make = partial(make_classroom, classroom, device=device)
    student = build_network(recipe_of(classroom).model.architecture).to(device)
    converted = copy.deepcopy(student)
    set_channels_last(converted)
    return dict(
        student=student,
        student_channels_last=converted,
        fast_off=make(everyone, fast_mentors=False),
        fast_on=make(everyone),
        one_mentor=make(first),
        mmrazor=make_single_teacher(classroom).to(device),
    )


def recipe_of(classroom: Classroom) -> Config:
    """Read a recipe.

    Args:
        classroom (Classroom): The recipe.

    Returns:
        Config: Its config.
    """
    return Config.fromfile(find_config(classroom.recipe))


def mentor_config(model: Any, name: str) -> dict[str, Any]:
    """Take a mentor's entry out of a recipe, with random weights.

    Args:
        model (ConfigDict): The config of the classroom.
        name (str): The mentor's name.

    Returns:
        dict: Its entry.
    """
    return dict(cfg_path=model.mentors[name].cfg_path, ckpt=None)


def make_classroom(
    classroom: Classroom, mentors: dict[str, str], device: torch.device, **options: Any
) -> nn.Module:
    """Build a classroom of a recipe, its student in the recipe's layout.

    Args:
        classroom (Classroom): The recipe.
        mentors (dict[str, str]): By name in this classroom, the name in the recipe.
        device (torch.device): Where it trains.
        **options (Any): What else to set.

    Returns:
        ClassroomDistill: The classroom.
    """
    recipe = recipe_of(classroom)
    model = recipe.model
    entries = {name: mentor_config(model, own) for name, own in mentors.items()}
    model.mentors = entries
    alone = dict(dry_run=False, mentor_cache=None)
    built = MODELS.build({**model, **alone, **options}).to(device)
    if wants_channels_last(recipe):
        set_channels_last(built)
    return built


def make_single_teacher(classroom: Classroom) -> nn.Module:
    """Build MMRazor's own algorithm with the first mentor.

    Args:
        classroom (Classroom): The recipe.

    Returns:
        SingleTeacherDistill: It teaches with MMRazor's KLDivergence.
    """
    model = recipe_of(classroom).model
    recorder = dict(output=dict(type='ModuleOutputs', source=classroom.output))
    teacher = mentor_config(model, classroom.mentors[0])
    return MODELS.build(
        dict(
            type='mmrazor.SingleTeacherDistill',
            architecture=build_network(model.architecture),
            teacher=build_network(dict(cfg_path=teacher['cfg_path'])),
            distiller=dict(
                type='ConfigurableDistiller',
                student_recorders=recorder,
                teacher_recorders=recorder,
                distill_losses=dict(loss_kl=dict(type='KLDivergence')),
                loss_forward_mappings=dict(
                    loss_kl=dict(
                        preds_S=dict(from_student=True, recorder='output'),
                        preds_T=dict(from_student=False, recorder='output'),
                    )
                ),
            ),
        )
    )
