# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The networks that are measured, with random weights, which cost the same."""

from typing import Any

import torch
from mmengine.config import Config
from mmrazor.registry import MODELS
from torch import nn

import classroomkd_mm.models.backbones  # noqa: F401  registers the networks

from .._launch import find_config
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
    models = dict(
        student=build_network(recipe_of(classroom).architecture),
        fast_off=make_classroom(classroom, everyone, fast_mentors=False),
        fast_on=make_classroom(classroom, everyone),
        one_mentor=make_classroom(classroom, first),
        mmrazor=make_single_teacher(classroom),
    )
    return {name: model.to(device) for name, model in models.items()}


def recipe_of(classroom: Classroom) -> Any:
    """Read the model of a recipe.

    Args:
        classroom (Classroom): The recipe.

    Returns:
        ConfigDict: The config of the classroom.
    """
    return Config.fromfile(find_config(classroom.recipe)).model


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
    classroom: Classroom, mentors: dict[str, str], **options: Any
) -> nn.Module:
    """Build a classroom of a recipe.

    Args:
        classroom (Classroom): The recipe.
        mentors (dict[str, str]): By name in this classroom, the name in the recipe.
        **options (Any): What else to set.

    Returns:
        ClassroomDistill: The classroom.
    """
    model = recipe_of(classroom)
    entries = {name: mentor_config(model, own) for name, own in mentors.items()}
    model.mentors = entries
    alone = dict(dry_run=False, mentor_cache=None)
    return MODELS.build({**model, **alone, **options})


def make_single_teacher(classroom: Classroom) -> nn.Module:
    """Build MMRazor's own algorithm with the first mentor.

    Args:
        classroom (Classroom): The recipe.

    Returns:
        SingleTeacherDistill: It teaches with MMRazor's KLDivergence.
    """
    model = recipe_of(classroom)
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
