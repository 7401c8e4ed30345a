# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Whole epochs, loading included: the student alone, and with and without a cache."""

from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from torch import nn
from torch.utils.data import DataLoader

from ..mentors.cache.filling import fill, missing_entries
from .data import make_loader
from .models import make_classroom
from .recipes import Classroom
from .steps import Step


def make_epochs(
    classroom: Classroom,
    models: dict[str, nn.Module],
    batch_size: int,
    batches: int,
    turns: int,
    folder: Path,
) -> tuple[dict[str, nn.Module], dict[str, Step]]:
    """Prepare epochs of the student alone, and of the classroom in three ways.

    Args:
        classroom (Classroom): The recipe.
        models (dict[str, nn.Module]): What :func:`make_models` returned.
        batch_size (int): Samples of a batch.
        batches (int): Batches of an epoch.
        turns (int): How many epochs of ``cold_cache`` are to find an empty cache.
        folder (Path): An empty one, for images and caches.

    Returns:
        tuple: The models and the epochs of ``student_loading`` and
        ``student_channels_last_loading`` (the student alone), ``no_cache``,
        ``cold_cache``, in which each epoch shows other views, and ``warm_cache``, which
        has no mentors any more.
    """
    load = partial(make_loader, classroom, batch_size, batches, folder)
    device = next(models['student'].parameters()).device
    models = dict(
        student_loading=models['student'],
        student_channels_last_loading=models['student_channels_last'],
        no_cache=models['fast_on'],
    )
    loaders = {name: load() for name in models}
    for name, views in (('cold_cache', turns), ('warm_cache', 1)):
        options = dict(path=str(folder / name), num_views=views)
        everyone = {mentor: mentor for mentor in classroom.mentors}
        model = make_classroom(classroom, everyone, device, mentor_cache=options)
        models[name], loaders[name] = model, model.connect_cache(load())
    fill_cache(models['warm_cache'], loaders['warm_cache'])
    return models, {name: epoch(models[name], loaders[name]) for name in models}


def fill_cache(model: Any, loader: DataLoader) -> None:
    """Write all entries, and let go of the mentors, as the first epochs of a run do.

    Args:
        model (ClassroomDistill): The classroom, with a cache.
        loader (DataLoader): What its ``connect_cache`` returned.
    """
    for _ in fill(model, loader, missing_entries(model.mentors)):
        pass
    for mentor in model.mentors:
        mentor.release()


def epoch(model: Any, loader: DataLoader) -> Step:
    """Prepare training for an epoch, which is the next one in each call.

    Args:
        model (BaseModel): A student or a classroom.
        loader (DataLoader): Its data.

    Returns:
        Callable[[], None]: The epoch.
    """
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = OptimWrapper(torch.optim.SGD(trained, lr=1e-4))
    numbers = count()

    def train() -> None:
        loader.sampler.set_epoch(next(numbers))
        for data in loader:
            model.train_step(data, optimizer)

    return train
