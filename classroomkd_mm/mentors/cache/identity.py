# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What makes a mentor's outputs what they are, told without building the mentor."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from ...fingerprints import describe, digest
from ...networks import network_config
from ...tasks import Task
from ...tasks.inputs import normalization_of
from ...tasks.names import dataset_meta_of
from ..fast import Speed
from ..mentor import weights_fingerprint
from ..spec import MentorSpec

PADDING = ('size_divisor', 'value')


def mentor_identity(
    spec: MentorSpec,
    student: nn.Module,
    task: Task,
    known_files: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Describe a mentor, its weights, its input, and the form of its output.

    Args:
        spec (MentorSpec): What the config says of it.
        student (nn.Module): The student.
        task (Task): The student's.
        known_files (Mapping): By path, size, mtime and SHA-256 of files that were
            read before, which are not read again if they are the same.

    Returns:
        dict: Plain values. Of each file of weights that exists, ``file``, ``size``,
        ``mtime_ns`` and ``sha256``; of one that does not, the path.

    Raises:
        ValueError: If it is a built network that cannot be described.
    """
    if isinstance(spec.network, nn.Module):
        network = _built(spec.name, spec.network)
        weights = {'built': weights_fingerprint(spec.network)}
    else:
        network = network_config(spec.network)
        weights = {
            option: _weights(value, known_files)
            for option, value in spec.weights.items()
        }
    return describe(
        dict(
            name=spec.name,
            network=network,
            weights=weights,
            input_size=spec.input_size,
            data_preprocessor=spec.data_preprocessor,
            task=task.name(),
            options=spec.task_options,
            speed=_precision(spec.speed),
            student=dict(
                input=_input(student),
                form=task.output_form(student),
            ),
        )
    )


def comparable(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of an identity where its files are: copies are the same.

    Args:
        identity (Mapping): What :func:`mentor_identity` returned.

    Returns:
        dict: The same, with the SHA-256 for each file.
    """
    weights = {
        option: value['sha256'] if isinstance(value, Mapping) else value
        for option, value in identity['weights'].items()
    }
    return {**identity, 'weights': weights}


def with_missing_files(
    identity: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """Take a file of weights that is gone for the one that had the same path.

    Args:
        identity (Mapping): Of a mentor, now.
        stored (Mapping): Of the one in the cache.

    Returns:
        dict: The identity, with what is stored of files that do not exist now.
    """
    weights = dict(identity['weights'])
    for option, then in stored['weights'].items():
        if isinstance(then, Mapping) and then['file'] == weights.get(option):
            weights[option] = then
    return {**identity, 'weights': weights}


def files_of(identity: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """List the files of an identity.

    Args:
        identity (Mapping): What :func:`mentor_identity` returned.

    Returns:
        dict: What is known of each, by path.
    """
    values = identity['weights'].values()
    return {value['file']: value for value in values if isinstance(value, Mapping)}


def folder_name(identity: Mapping[str, Any]) -> str:
    """Name the folder of a mentor's entries.

    Args:
        identity (Mapping): What :func:`mentor_identity` returned.

    Returns:
        str: The mentor's name and the beginning of a SHA-256.
    """
    name = ''.join(c if c.isalnum() or c in '-_.' else '_' for c in identity['name'])
    return f'{name}-{digest(comparable(identity))[:12]}'


def _precision(speed: Speed) -> dict[str, Any]:
    """What of a mentor's options changes the bits of its outputs."""
    return dict(fast=speed.fast, dtype=speed.dtype, compile=speed.compile)


def _built(name: str, network: nn.Module) -> dict[str, Any]:
    """Describe a built network: its modules, its input and its dataset."""
    try:
        modules = describe(network)
    except (RecursionError, TypeError, ValueError) as error:
        raise ValueError(
            f'Mentor {name!r} is a built {type(network).__name__} that cannot be told '
            f'from others ({error}), as mentor_cache has to. Give it as a config, or '
            'remove mentor_cache.'
        ) from error
    return dict(modules=modules, input=_input(network), meta=dataset_meta_of(network))


def _weights(value: Any, known_files: Mapping[str, Mapping[str, Any]]) -> Any:
    """Describe an option of a source of weights by content, if it is a file."""
    if not isinstance(value, (str, Path)) or not Path(value).is_file():
        return value
    path = str(value)
    stat = Path(path).stat()
    facts = dict(file=path, size=stat.st_size, mtime_ns=stat.st_mtime_ns)
    known = known_files.get(path, {})
    if all(known.get(key) == fact for key, fact in facts.items()):
        return known
    content = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(2**20):
            content.update(block)
    return {**facts, 'sha256': content.hexdigest()}


def _input(network: nn.Module) -> Any:
    """Describe how batches are made: mentors are fed from the student's."""
    preprocessor = getattr(network, 'data_preprocessor', None)
    found = normalization_of(preprocessor)
    if found is None:
        return None
    mean, std = (value.flatten().tolist() for value in found[:2])
    padding = [getattr(preprocessor, f'pad_{name}', 0) for name in PADDING]
    return dict(
        mean=mean, std=std, swaps_channels=found.swaps_channels, padding=padding
    )
