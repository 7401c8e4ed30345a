# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A few labelled batches for the members of a classroom."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn

from ..mentors.mentor import Mentor
from .findings import NOTE, WARNING, Findings
from .samples import some_indices, take_batch

LOADERS = ('val_dataloader', 'train_dataloader')


class Batches(NamedTuple):
    """Batches, and where they are from.

    Attributes:
        dataset (Dataset): The dataset.
        source (str): The data loader in the config.
        batches (list[dict]): ``inputs`` (N, C, H, W) and ``data_samples``.
    """

    dataset: Any
    source: str
    batches: list[dict[str, Any]]


def read_batches(
    cfg: Config, classroom: nn.Module, count: int, findings: Findings
) -> Batches | None:
    """Read batches that the scorer of a classroom can score.

    Args:
        cfg (Config): A whole config.
        classroom (ClassroomDistill): The classroom.
        count (int): Number of batches.
        findings (Findings): What is wrong with the data is added.

    Returns:
        Batches | None: Of the validation set; of the training set if the validation
        set has no targets; None if there are none.
    """
    attempts = Findings()
    for source in LOADERS:
        if cfg.get(source) is None:
            continue
        with attempts.catch(source):
            dataset, batches = _read(_loader_cfg(cfg, source, classroom), count)
            batches = [classroom.data_preprocessor(batch, False) for batch in batches]
            _try_scorer(classroom, batches[0])
            if attempts:
                reason = f'{attempts[0].text} Measured on {source} instead.'
                findings.add(NOTE, attempts[0].about, reason)
            return Batches(dataset, source, batches)
    findings += attempts
    if not attempts:
        text = 'There is no val_dataloader and no train_dataloader: nobody is measured.'
        findings.add(WARNING, 'data', text)
    return None


def _loader_cfg(cfg: Config, source: str, classroom: nn.Module) -> dict[str, Any]:
    """Read the config of a data loader, which is to work without workers."""
    loader = cfg[source].to_dict()
    loader.update(num_workers=0, persistent_workers=False)
    loader.pop('prefetch_factor', None)
    train = (cfg.get('train_dataloader') or {}).get('dataset')
    if isinstance(train, Mapping):
        loader['dataset'] = classroom.task.with_targets(
            loader['dataset'], train.to_dict()
        )
    return loader


def _read(loader_cfg: Mapping[str, Any], count: int) -> tuple[Any, list[Any]]:
    """Read some samples of the dataset of a data loader."""
    loader = Runner.build_dataloader(loader_cfg)
    size = loader_cfg.get('batch_size') or loader.batch_size or 1
    indices = some_indices(len(loader.dataset), count * size)
    parts = [indices[start : start + size] for start in range(0, len(indices), size)]
    batches = [take_batch(loader.dataset, loader.collate_fn, part) for part in parts]
    if not batches:
        raise ValueError('The dataset is empty.')
    return loader.dataset, batches


@torch.no_grad()
def _try_scorer(classroom: nn.Module, data: Mapping[str, Any]) -> None:
    """Score guesses, which raises if the samples have no fitting targets."""
    student = as_member(classroom)
    output = student(data['inputs'], data['data_samples'])
    guess = classroom.task.guess(classroom.student, output)
    others = [guess] * len(classroom.mentors)
    classroom.distiller.scorer(guess, others, data['data_samples'])


def as_member(classroom: nn.Module) -> Mentor:
    """See a student as a mentor of its own.

    Args:
        classroom (ClassroomDistill): The classroom, whose student is frozen.

    Returns:
        Mentor: The student; what it gives is in its own form.
    """
    from ..tasks.inputs import InputAdapter, normalization_of

    student, task = classroom.student, classroom.task
    normalization = normalization_of(student.data_preprocessor)
    aligner = task.align_output('student', student, student, None, {})
    adapter = InputAdapter(normalization, normalization)
    member = Mentor('student', student, adapter, 'student', aligner)
    return member.to(next(student.parameters()).device)
